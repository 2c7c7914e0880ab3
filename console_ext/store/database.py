# SPDX-License-Identifier: Apache-2.0
"""The way to the database, on which every wait has an end."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception

from console_ext import exceptions
from console_ext.executor import BoundedExecutor, Busy
from console_ext.store.engine import engine, first_line

T = TypeVar('T')

LOG = logging.getLogger(__name__)

# libpq waits for an answer as long as the other end's kernel lives.
_DRIVERS_WITHOUT_TIMEOUT = frozenset({'psycopg2', 'psycopg'})

# Calls under way in one process, where each has a thread of its own.
MAX_CALLS = 50


class Overtaken(Exception):
    """Somebody else came between a read and the write that relies on it."""


class Database:
    """Connections for one process and, apart from them, for each that it forks.

    A fork takes its parent's connections along; it must neither use nor close them.

    :param timeout_s: bounds each wait for the database; where its driver cannot do
        that, a call takes twice as long at the most
    :raises ConfigurationError: as :func:`engine.engine`
    """

    def __init__(self, conf: cfg.ConfigOpts, timeout_s: int):
        self._conf = conf
        self._timeout_s = timeout_s
        self._executor = BoundedExecutor(MAX_CALLS, 'console-tokens', MAX_CALLS)
        self._of_process: dict[int, sa.Engine] = {}
        self._own()

    @property
    def dialect(self) -> str:
        """SQLAlchemy's name for the kind of database."""
        return self._own().dialect.name

    def run(
        self,
        work: Callable[[sa.Connection], T],
        *,
        bounded: bool = True,
    ) -> T:
        """Do work that begins and ends its transactions, again if it was overtaken.

        :param bounded: False to wait for an answer where the driver cannot bound that:
            for a caller who has a deadline, and undoes what comes after it
        :raises StoreUnavailable: the database is away, or does not answer in time; the
            work may still be done
        """
        engine = self._own()
        if not bounded or engine.driver not in _DRIVERS_WITHOUT_TIMEOUT:
            return self._retried(engine, work)
        try:
            done: T = self._executor.run(
                lambda: self._retried(engine, work),
                time.monotonic() + 2 * self._timeout_s,
            )
        except (Busy, TimeoutError):
            LOG.error('The database of console authorizations does not answer')
            raise exceptions.StoreUnavailable from None
        return done

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._own().dispose()

    def _own(self) -> sa.Engine:
        pid = os.getpid()
        found = self._of_process.get(pid)
        if found is not None:
            return found
        # Without a lock, which a fork might find locked: two engines do no harm.
        made = engine(self._conf, self._timeout_s)
        return self._of_process.setdefault(pid, made)

    def _retried(self, engine: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                with errors(), engine.connect() as connection:
                    return work(connection)
            except (Overtaken, db_exception.DBDeadlock):
                if time.monotonic() > deadline:
                    raise exceptions.StoreUnavailable from None
            # Those who collided are not to meet again.
            time.sleep(random.uniform(0, 0.02))  # noqa: S311


@contextlib.contextmanager
def errors() -> Iterator[None]:
    """Turn what a database that is away, or is not set up, raises into one error.

    Deadlocks, duplicates and refused values stay what they are.

    :raises StoreUnavailable: after the reason was logged
    """
    try:
        yield
    except (
        db_exception.DBDeadlock,
        db_exception.DBDuplicateEntry,
        db_exception.DBDataError,
        sa.exc.IntegrityError,
    ):
        raise
    except (db_exception.DBError, sa.exc.SQLAlchemyError) as error:
        cause = getattr(error, 'inner_exception', None) or error
        LOG.error(
            'The database of console authorizations failed: %s: %s',
            type(error).__name__,
            first_line(getattr(cause, 'orig', None) or cause),
        )
        raise exceptions.StoreUnavailable from None
