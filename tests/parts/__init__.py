# SPDX-License-Identifier: Apache-2.0
"""What tests of all kinds and the measurements share: real parts, and their peers."""
