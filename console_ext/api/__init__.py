# SPDX-License-Identifier: Apache-2.0
"""The extension itself: the actions that give a server's remote consoles."""
