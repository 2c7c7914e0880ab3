# SPDX-License-Identifier: Apache-2.0
"""The agent's drivers, which find the consoles of servers on this compute host."""
