# SPDX-License-Identifier: Apache-2.0
"""Work that is overtaken, and a database that refuses."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from console_ext import exceptions
from console_ext.store.database import ConcurrentUpdate, Database
from tests.stores import factories


@pytest.fixture
def database(tmp_path):
    made = Database(factories.configuration(f'sqlite:///{tmp_path}/f'), 2)
    yield made
    made.close()


def test_work_that_was_overtaken_is_done_again(database):
    tries = iter([ConcurrentUpdate, ConcurrentUpdate, None])

    def work(connection: sa.Connection) -> int:
        error = next(tries)
        if error is not None:
            raise error
        return connection.exec_driver_sql('SELECT 7').scalar()

    assert database.run(work) == 7


def test_an_error_is_logged_without_its_statement(database, caplog):
    def work(connection: sa.Connection) -> None:
        connection.exec_driver_sql("SELECT 'secret' FROM missing")

    with pytest.raises(exceptions.StoreUnavailable):
        database.run(work)
    assert 'no such table: missing' in caplog.text
    assert 'secret' not in caplog.text
