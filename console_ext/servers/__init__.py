# SPDX-License-Identifier: Apache-2.0
"""Where a server is, and whose: the look-ups."""
