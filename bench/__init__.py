# SPDX-License-Identifier: Apache-2.0
"""The measurements of the documentation, each relative to a peer in the same run."""
