# SPDX-License-Identifier: Apache-2.0
"""The time of each database."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from console_ext.store import clock

# European summer time ends at 2026-10-25 01:00 UTC.
CHANGE = 1792890000

ZONE = (
    "INSERT INTO mysql.time_zone VALUES (1, 'N')",
    "INSERT INTO mysql.time_zone_name VALUES ('autumn', 1)",
    "INSERT INTO mysql.time_zone_transition_type VALUES (1, 0, 7200, 1, 'CEST')",
    "INSERT INTO mysql.time_zone_transition_type VALUES (1, 1, 3600, 0, 'CET')",
    'INSERT INTO mysql.time_zone_transition VALUES (1, 0, 0)',
    f'INSERT INTO mysql.time_zone_transition VALUES (1, {CHANGE}, 1)',
)


def test_in_seconds_since_the_epoch(connection):
    """With a fraction, whatever the session's time zone is."""
    engine = sa.create_engine(connection)
    now = sa.select(clock.now(engine.dialect.name))
    with engine.connect() as database:
        if engine.dialect.name == 'mysql':
            database.exec_driver_sql("SET time_zone = '-09:30'")
        elif engine.dialect.name == 'postgresql':
            database.exec_driver_sql("SET TIME ZONE 'Asia/Kolkata'")
        told = []
        for _ in range(20):
            before = time.time()
            told.append(database.scalar(now))
            assert before - 0.01 < told[-1] < time.time() + 0.01
    assert all(isinstance(each, float) for each in told)
    engine.dispose()


def test_when_summer_time_ends(mariadb):
    """An hour of local time occurs twice."""
    engine = sa.create_engine(mariadb.url())
    with engine.connect() as database:
        for statement in ZONE:
            database.exec_driver_sql(statement)
        database.exec_driver_sql("SET time_zone = 'autumn'")
        for second in (-3601, -1800, -1, 0, 1800, 3600):
            database.exec_driver_sql(f'SET timestamp = {CHANGE + second}.25')
            told = database.scalar(sa.select(clock.now('mysql')))
            assert told == pytest.approx(CHANGE + second + 0.25)
    engine.dispose()
