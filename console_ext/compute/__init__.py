# SPDX-License-Identifier: Apache-2.0
"""The agent's drivers: where a server's consoles listen on this compute host."""
