# SPDX-License-Identifier: Apache-2.0
"""Look-ups: drivers that find a server's owner, state and compute host."""
