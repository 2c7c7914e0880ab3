# SPDX-License-Identifier: Apache-2.0
"""Migrations on SQLite; the integration tests cover the other databases."""

from __future__ import annotations

import dataclasses
import hashlib
from importlib import resources

import pytest
import sqlalchemy as sa

from console_ext import exceptions
from console_ext.store import migration, schema
from console_ext.store.store import Store
from tests.parts.stores import contract, factories


@pytest.fixture
def conf(tmp_path):
    return factories.configuration(f'sqlite:///{tmp_path}/store.db')


def test_sync_creates_the_tables_and_does_so_once(conf):
    assert migration.version(conf) is None
    migration.sync(conf)
    assert migration.version(conf) == migration.newest() == '004'
    migration.sync(conf)
    inspector = sa.inspect(sa.create_engine(conf.database.connection))
    assert set(inspector.get_table_names()) == {
        *schema.METADATA.tables,
        migration.VERSION_TABLE,
    }


def test_sync_keeps_what_others_have_in_the_database(conf):
    """The database may be shared, for example with another alembic version table."""
    engine = sa.create_engine(conf.database.connection)
    with engine.begin() as connection:
        connection.execute(sa.text('CREATE TABLE alembic_version (version_num TEXT)'))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('other')"))
    migration.sync(conf)
    with engine.begin() as connection:
        versions = connection.execute(sa.text('SELECT * FROM alembic_version')).all()
    assert versions == [('other',)]


@pytest.mark.parametrize('table', ['instance_mappings', 'compute_nodes'])
def test_sync_refuses_a_database_of_nova(conf, table):
    """It is Nova's API database or a cell; no table is created in it."""
    engine = sa.create_engine(conf.database.connection)
    with engine.begin() as connection:
        connection.execute(sa.text(f'CREATE TABLE {table} (id INTEGER)'))
    with pytest.raises(exceptions.ConfigurationError, match="one of Nova's databases"):
        migration.sync(conf)
    assert sa.inspect(engine).get_table_names() == [table]
    engine.dispose()


def test_sync_upgrades_tables_that_are_in_a_database_of_nova(conf):
    """Earlier versions of this package created tables there."""
    migration.sync(conf, '001')
    engine = sa.create_engine(conf.database.connection)
    with engine.begin() as connection:
        connection.execute(sa.text('CREATE TABLE compute_nodes (id INTEGER)'))
    migration.sync(conf)
    assert migration.version(conf) == migration.newest()
    engine.dispose()


def test_versions_are_in_the_package():
    versions = resources.files('console_ext.store.migrations.versions')
    assert (versions / 'v001_authorizations.py').is_file()


def test_a_directory_that_is_missing(tmp_path):
    conf = factories.configuration(f'sqlite:///{tmp_path}/none/store.db')
    with pytest.raises(exceptions.StoreUnavailable):
        migration.sync(conf)


def test_a_migration_that_fails_leaves_nothing_behind(conf):
    """One of its tables already exists, and belongs to another program."""
    engine = sa.create_engine(conf.database.connection)
    with engine.begin() as connection:
        connection.exec_driver_sql(f'CREATE TABLE {schema.SOCKETS.name} (i INTEGER)')
    with pytest.raises(exceptions.StoreUnavailable):
        migration.sync(conf)
    assert schema.AUTHORIZATIONS.name not in sa.inspect(engine).get_table_names()
    assert migration.version(conf) is None
    engine.dispose()


def test_an_upgrade_keeps_what_is_stored(conf):
    """Tokens that were issued before are still valid."""
    migration.sync(conf, '001')
    engine = sa.create_engine(conf.database.connection)
    token_hash = hashlib.sha256(b'token').hexdigest()
    values = dataclasses.asdict(factories.authorization())
    values |= {'issued': factories.NOW, 'expires': factories.NOW + factories.TTL_S}
    del values['cell']
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f'INSERT INTO {schema.AUTHORIZATIONS.name} '
            f'(token_hash, redeemed, {", ".join(values)}) VALUES '
            f'(?, 0, {", ".join("?" * len(values))})',
            (token_hash, *values.values()),
        )
    engine.dispose()
    migration.sync(conf)
    store = Store(conf, factories.Clock().sql)
    lease = store.redeem('token', 'serial', factories.CLIENT)
    assert lease.authorization == factories.authorization()
    store.close()


def test_a_session_goes_on_over_an_upgrade(conf):
    """Its start is unknown, and counts as that of the token."""
    migration.sync(conf)
    conf.set_override('max_session_time', 100, group='console_proxy')
    clock = factories.Clock()
    store = Store(conf, clock.sql)
    token = factories.issued(store, 'spice-html5')
    clock.now += 30
    first = store.redeem(token, 'spice-html5', factories.CLIENT)
    engine = sa.create_engine(conf.database.connection)
    with engine.begin() as connection:
        # As in the previous schema version.
        connection.execute(
            schema.AUTHORIZATIONS.update().values(opened=None, admitted=0, gaps=0)
        )
    engine.dispose()
    clock.now += 20
    second = store.redeem(token, 'spice-html5', factories.CLIENT)
    assert (second.session_id, second.left_s) == (first.session_id, 50)
    clock.now += 50
    assert (
        contract.refusal(store, token, 'spice-html5')
        is exceptions.RefusalReason.EXPIRED
    )
    store.close()
