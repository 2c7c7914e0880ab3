# SPDX-License-Identifier: Apache-2.0
"""alembic executes this file; the connection comes from ``store.migration``."""

from __future__ import annotations

from alembic import context

from console_ext.store import migration, schema

context.configure(
    connection=context.config.attributes['connection'],
    target_metadata=schema.METADATA,
    version_table=migration.VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
