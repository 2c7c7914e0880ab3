# SPDX-License-Identifier: Apache-2.0
"""What a guest's protocol wants before bytes flow, a package a protocol."""
