# SPDX-License-Identifier: Apache-2.0
"""The extension itself: what gives the remote consoles of servers."""
