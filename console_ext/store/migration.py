# SPDX-License-Identifier: Apache-2.0
"""Creates and upgrades the schema of the database with alembic."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from oslo_config import cfg

from console_ext import exceptions
from console_ext.store import database
from console_ext.store.engine import engine

# Not alembic's default name, so that another program in the same database has its own
# version table.
VERSION_TABLE = 'console_ext_alembic_version'

# A table of Nova's API database, and one of a cell's database.
_NOVAS_TABLES = ('instance_mappings', 'compute_nodes')


def sync(conf: cfg.ConfigOpts, target: str = 'head') -> None:
    """Upgrade the schema to a version; nothing changes if it has this version.

    Two processes must not run this at the same time.

    :raises StoreUnavailable: the database cannot be reached, or reports an error
    :raises ConfigurationError: ``[database] connection`` is invalid or names a database
        of Nova's, or the schema is newer than this package
    """
    config = _config()
    found = version(conf)
    if found is None and is_of_nova(conf):
        raise exceptions.ConfigurationError(
            "[database] connection names one of Nova's databases: create a separate "
            'database for console-ext and use its URL'
        )
    if found is not None and not is_known(found):
        raise exceptions.ConfigurationError(
            f'the schema has version {found}, but this console-ext only supports '
            f'versions up to {newest()}: upgrade console-ext'
        )
    with database.errors(), engine(conf, None).begin() as connection:
        if connection.dialect.name == 'sqlite':
            # Readers and a writer do not block each other in this mode, which is stored
            # in the file.
            connection.exec_driver_sql('PRAGMA journal_mode = WAL')
            # Python's driver does not begin a transaction for a change of the schema.
            connection.exec_driver_sql('BEGIN IMMEDIATE')
        config.attributes['connection'] = connection
        command.upgrade(config, target)


def version(conf: cfg.ConfigOpts) -> str | None:
    """Return the version of the schema; None before the first :func:`sync`.

    :raises StoreUnavailable: the database cannot be reached, or reports an error
    :raises ConfigurationError: ``[database] connection`` is invalid
    """
    with _connected(conf) as connection:
        if connection is None:
            return None
        context = MigrationContext.configure(
            connection, opts={'version_table': VERSION_TABLE}
        )
        return context.get_current_revision()


def is_known(version: str) -> bool:
    """Whether this package knows a version of the schema; it knows no newer ones."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return version in {script.revision for script in scripts}


def is_of_nova(conf: cfg.ConfigOpts) -> bool:
    """Whether the database contains Nova's tables, of its API or of a cell.

    :raises: the errors of :func:`version`
    """
    with _connected(conf) as connection:
        if connection is None:
            return False
        tables = sa.inspect(connection)
        return any(tables.has_table(name) for name in _NOVAS_TABLES)


def newest() -> str:
    """Return the version that :func:`sync` upgrades to."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _config() -> Config:
    config = Config()
    config.set_main_option('script_location', 'console_ext.store:migrations')
    return config


@contextlib.contextmanager
def _connected(conf: cfg.ConfigOpts) -> Iterator[sa.Connection | None]:
    """Connect to the database; None if it is an SQLite file that does not exist.

    A connection would create the file, and it would belong to the user of the command,
    not to that of the service.
    """
    made = engine(conf, None)
    if _is_missing_file(made.url):
        yield None
        return
    with database.errors(), made.connect() as connection:
        yield connection


def _is_missing_file(url: sa.URL) -> bool:
    path = url.database or ''
    if url.get_backend_name() != 'sqlite' or path.startswith('file:'):
        return False
    # If the directory is missing too, the connection fails.
    return os.path.isdir(os.path.dirname(path) or '.') and not os.path.exists(path)
