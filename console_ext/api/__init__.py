# SPDX-License-Identifier: Apache-2.0
"""The API extensions for remote consoles of servers."""
