# SPDX-License-Identifier: Apache-2.0
"""What alembic runs: ``env`` once, then the versions that are missing."""
