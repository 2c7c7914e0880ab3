# SPDX-License-Identifier: Apache-2.0
"""The alembic environment: ``env``, and the migrations in ``versions``."""
