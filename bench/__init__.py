# SPDX-License-Identifier: Apache-2.0
"""Measurements that the README quotes; each is a ratio to a peer in the same run."""
