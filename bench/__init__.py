# SPDX-License-Identifier: Apache-2.0
"""The measurements of the documentation; each is a ratio to a peer in the same run."""
