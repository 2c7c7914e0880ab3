# SPDX-License-Identifier: Apache-2.0
"""Bodies and queries as JSON schemas (draft 2020-12), a module for each controller."""
