# SPDX-License-Identifier: Apache-2.0
"""The database's time; the integration tests cover the other databases."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from console_ext import exceptions
from console_ext.store import clock


def test_it_is_this_machines_for_sqlite():
    """With SQLite: seconds since the epoch, with a fraction."""
    with sa.create_engine('sqlite://').connect() as connection:
        before = time.time()
        told = connection.scalar(sa.select(clock.now('sqlite')))
        assert before - 0.01 < told < time.time() + 0.01


def test_a_database_whose_clock_cannot_be_asked():
    with pytest.raises(exceptions.ConfigurationError, match='oracle is not supported'):
        clock.now('oracle')
