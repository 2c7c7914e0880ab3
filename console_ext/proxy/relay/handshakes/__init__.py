# SPDX-License-Identifier: Apache-2.0
"""The handshakes of console protocols, one module or package for each."""
