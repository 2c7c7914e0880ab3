# SPDX-License-Identifier: Apache-2.0
"""On every database, the migrations lead to the schema of the code."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from console_ext.store import migration, schema
from tests.parts.stores import factories


def test_migrated_is_what_the_schema_says(connection):
    conf = factories.configuration(connection)
    migration.sync(conf)
    migration.sync(conf)
    assert migration.version(conf) == migration.newest()
    engine = sa.create_engine(connection)
    with engine.connect() as database:
        context = MigrationContext.configure(
            database, opts={'version_table': migration.VERSION_TABLE}
        )
        assert compare_metadata(context, schema.METADATA) == []
        assert sa.inspect(database).get_table_names() != []
    engine.dispose()
