# SPDX-License-Identifier: Apache-2.0
"""Faults of the broker and of the store, as context managers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa

from console_ext.store.schema import METADATA
from tests.parts.rabbitmq import Broker

_TABLES = [table.name for table in METADATA.sorted_tables]

# The statements that lock the tables exclusively, and release the locks.
_LOCKS = {
    'sqlite': ('BEGIN EXCLUSIVE', 'ROLLBACK'),
    'mysql': (
        f'LOCK TABLES {", ".join(f"{name} WRITE" for name in _TABLES)}',
        'UNLOCK TABLES',
    ),
    'postgresql': (
        f'BEGIN; LOCK TABLE {", ".join(_TABLES)} IN ACCESS EXCLUSIVE MODE',
        'ROLLBACK',
    ),
}


@contextlib.contextmanager
def frozen(broker: Broker) -> Iterator[None]:
    """Freeze the broker: its connections stay open, but it does not answer."""
    broker.freeze()
    try:
        yield
    finally:
        broker.thaw()


@contextlib.contextmanager
def locked(connection: str) -> Iterator[None]:
    """Lock the tables of authorizations as another client of the database.

    :param connection: the database's URL
    """
    engine = sa.create_engine(
        connection, poolclass=sa.NullPool, isolation_level='AUTOCOMMIT'
    )
    lock, unlock = _LOCKS[engine.dialect.name]
    with engine.connect() as database:
        database.exec_driver_sql(lock)
        try:
            yield
        finally:
            database.exec_driver_sql(unlock)
