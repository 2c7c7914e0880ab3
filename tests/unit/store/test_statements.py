# SPDX-License-Identifier: Apache-2.0
"""The SQL statements for each kind of database."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from console_ext.store import clock
from console_ext.store.statements import Statements

DIALECTS = {'sqlite': sqlite, 'mysql': mysql, 'postgresql': postgresql}

# The columns that are set or compared with the database's clock.
TIMED = {
    *('issue', 'read', 'read_by_key', 'admit', 'add_socket', 'renew'),
    *('close', 'revoke', 'old'),
}


def compiled(name: str, dialect: str) -> str:
    statement = getattr(Statements(clock.now(dialect)), name)
    return str(statement.compile(dialect=DIALECTS[dialect].dialect()))


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('name', sorted(TIMED))
def test_the_time_is_the_databases(name, dialect):
    time = str(clock.now(dialect).compile(dialect=DIALECTS[dialect].dialect()))
    assert time in compiled(name, dialect)


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('name', ['read', 'read_by_key'])
def test_no_hash_is_read(name, dialect):
    """SQLAlchemy's log shows the rows that it reads."""
    columns = compiled(name, dialect).partition('FROM')[0]
    assert 'redeemed' in columns
    assert '_hash' not in columns


def test_no_time_is_a_parameter():
    """Parameters are durations, not times."""
    statements = Statements(sa.literal_column('now()', sa.Double()))
    for name in TIMED:
        for parameter in getattr(statements, name).compile().params:
            assert parameter not in {'now', 'issued', 'expires', 'lease', 'closed'}
