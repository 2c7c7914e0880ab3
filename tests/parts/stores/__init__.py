# SPDX-License-Identifier: Apache-2.0
"""Helpers for tests with a store of authorizations."""
