# SPDX-License-Identifier: Apache-2.0
"""Consoles in a terminal: the program console-ext, and commands for openstack."""
