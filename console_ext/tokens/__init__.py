# SPDX-License-Identifier: Apache-2.0
"""Authorizations: which token opens which console, for how long."""
