# SPDX-License-Identifier: Apache-2.0
"""Both halves of the contract with compute hosts.  It is Nova's wire, not ours.

``client`` asks, ``server`` answers; ``errors``, ``instance`` and ``transport`` are
what both know of it.
"""
