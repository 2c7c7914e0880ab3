# SPDX-License-Identifier: Apache-2.0
"""Fetches the assets into the tree: ``python -m build_backend``."""

from build_backend import assets

assets.build()
