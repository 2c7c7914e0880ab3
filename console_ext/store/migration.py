# SPDX-License-Identifier: Apache-2.0
"""The schema of the database, brought up to date by alembic."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from oslo_config import cfg

from console_ext import exceptions
from console_ext.store import database
from console_ext.store.engine import engine

# Not alembic's own name: the version of another program's tables in the same database
# is neither read nor changed.
VERSION_TABLE = 'console_ext_alembic_version'

# One of its API's database, and one of a cell's.
_NOVAS_TABLES = ('instance_mappings', 'compute_nodes')


def sync(conf: cfg.ConfigOpts, version: str = 'head') -> None:
    """Bring the schema to a version, later than or as the one that it has.

    Not for two processes at once.

    :raises StoreUnavailable: the database is away, or refuses
    :raises ConfigurationError: ``[database] connection`` is not usable or names a
        database of Nova's, or the schema is of a later version than this package knows
    """
    config = _config()
    found = _version(conf)
    if found is None and is_of_nova(conf):
        raise exceptions.ConfigurationError(
            "[database] connection names a database of Nova's: create another one for "
            'console-ext and name that'
        )
    if found is not None and not is_known(found):
        raise exceptions.ConfigurationError(
            f'the tables in the database are those of version {found}, and this '
            f'package knows none after {newest()}: upgrade console-ext instead'
        )
    with database.errors(), _connect(conf) as connection, connection.begin():
        if connection.dialect.name == 'sqlite':
            # Readers and a writer then do not wait for each other; it stays with the
            # file.
            connection.exec_driver_sql('PRAGMA journal_mode = WAL')
            # Python's driver begins nothing for a change of the schema.
            connection.exec_driver_sql('BEGIN IMMEDIATE')
        config.attributes['connection'] = connection
        command.upgrade(config, version)


def version(conf: cfg.ConfigOpts) -> str | None:
    """The version that the schema has; None before the first :func:`sync`.

    :raises: as :func:`sync`, but for a later version
    """
    return _version(conf)


def is_known(version: str) -> bool:
    """Whether this package knows a version of the schema: not that of a later one."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return version in {script.revision for script in scripts}


def _version(conf: cfg.ConfigOpts) -> str | None:
    with database.errors(), _connect(conf) as connection:
        context = MigrationContext.configure(
            connection, opts={'version_table': VERSION_TABLE}
        )
        return context.get_current_revision()


def is_of_nova(conf: cfg.ConfigOpts) -> bool:
    """Whether Nova's own tables, of its API or of a cell, are in the database.

    :raises: as :func:`version`
    """
    with database.errors(), _connect(conf) as connection:
        tables = sa.inspect(connection)
        return any(tables.has_table(name) for name in _NOVAS_TABLES)


def newest() -> str:
    """The version that :func:`sync` brings the schema to."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config() -> Config:
    config = Config()
    config.set_main_option('script_location', 'console_ext.store:migrations')
    return config


def _connect(conf: cfg.ConfigOpts) -> sa.Connection:
    return engine(conf, None).connect()
