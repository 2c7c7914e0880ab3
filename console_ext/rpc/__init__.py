# SPDX-License-Identifier: Apache-2.0
"""Client and server of Nova's RPC to compute hosts.

``errors``, ``instance`` and ``transport`` are the parts of the contract that ``client``
and ``server`` share.
"""
