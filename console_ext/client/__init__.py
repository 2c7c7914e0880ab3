# SPDX-License-Identifier: Apache-2.0
"""A terminal on a console: the program console-ext, and commands for openstack."""
