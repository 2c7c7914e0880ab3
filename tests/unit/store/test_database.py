# SPDX-License-Identifier: Apache-2.0
"""Conflicts, timeouts and refusals of a database."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import pysqlite

from console_ext import exceptions
from console_ext.store import database
from console_ext.store.database import Database
from tests.parts.stores import factories


@pytest.fixture
def connected(tmp_path):
    made = Database(factories.configuration(f'sqlite:///{tmp_path}/f'), 2)
    yield made
    made.close()


def test_conflict_is_retried(connected):
    tries = iter([database.ConcurrentUpdate, database.ConcurrentUpdate, None])

    def work(connection):
        error = next(tries)
        if error is not None:
            raise error
        return connection.exec_driver_sql('SELECT 7').scalar()

    assert connected.run(work) == 7


class Unknown(pysqlite.dialect):
    """The dialect of a driver whose timeouts are unknown."""

    driver = 'unknown'
    supports_statement_cache = True


def test_work_that_does_not_end(tmp_path):
    """Unless it is told to wait, the database ends work for drivers without timeout."""
    sa.dialects.registry.register('sqlite.unknown', __name__, Unknown.__name__)
    made = Database(factories.configuration(f'sqlite+unknown:///{tmp_path}/f'), 0.1)
    go_on = threading.Event()

    def work(connection: sa.Connection) -> int:
        assert go_on.wait(30)
        return 7

    with pytest.raises(exceptions.StoreUnavailable):
        made.run(work)
    threading.Timer(0.5, go_on.set).start()
    assert made.run(work, bounded=False) == 7
    made.close()


def test_an_error_is_logged_without_its_statement(connected, caplog):
    def work(connection: sa.Connection) -> None:
        connection.exec_driver_sql("SELECT 'secret' FROM missing")

    with pytest.raises(exceptions.StoreUnavailable):
        connected.run(work)
    assert 'no such table: missing' in caplog.text
    assert 'secret' not in caplog.text
