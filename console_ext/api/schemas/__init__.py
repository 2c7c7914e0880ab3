# SPDX-License-Identifier: Apache-2.0
"""JSON schemas (draft 2020-12) of bodies and queries, with a module per controller."""
