# SPDX-License-Identifier: Apache-2.0
"""Access to the database with a timeout on every call."""

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

# engine.py sets their timeouts.  libpq is not among them: it waits without limit while
# the server's kernel acknowledges packets.
_DRIVERS_WITH_TIMEOUT = frozenset({'pymysql', 'mysqldb', 'pysqlite'})

# Concurrent calls in a process, for drivers that need a thread for each call.
MAX_CALLS = 50


class ConcurrentUpdate(Exception):
    """Another process changed a row between a read and the write that relies on it."""


class Database:
    """The connections to the database, separate for each forked process.

    A forked process inherits its parent's connections, and must not use or close them.

    :param timeout_s: the timeout of each wait for the database.  With a driver that
        has no timeouts, a call takes at most twice as long.
    :raises ConfigurationError: see :func:`engine.engine`
    """

    def __init__(self, conf: cfg.ConfigOpts, timeout_s: int):
        self._conf = conf
        self._timeout_s = timeout_s
        self._executor = BoundedExecutor(MAX_CALLS, 'console-tokens', MAX_CALLS)
        self._engines: dict[int, sa.Engine] = {}
        self._engine()

    @property
    def dialect(self) -> str:
        """SQLAlchemy's name of the database product."""
        return self._engine().dialect.name

    def run(
        self,
        work: Callable[[sa.Connection], T],
        *,
        bounded: bool = True,
    ) -> T:
        """Run a function with a connection, and retry it after a conflict.

        :param work: begins and ends its own transactions
        :param bounded: False to wait without end where the driver has no timeout: for a
            caller that has a deadline and undoes a late result itself
        :raises StoreUnavailable: the database cannot be reached or does not answer in
            time; the operation may still complete
        """
        engine = self._engine()
        if not bounded or engine.driver in _DRIVERS_WITH_TIMEOUT:
            return self._run_with_retries(engine, work)
        try:
            done: T = self._executor.run(
                lambda: self._run_with_retries(engine, work),
                time.monotonic() + 2 * self._timeout_s,
            )
        except (Busy, TimeoutError):
            LOG.error(
                'The database of console authorizations did not answer within %g s',
                2 * self._timeout_s,
            )
            raise exceptions.StoreUnavailable from None
        return done

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._engine().dispose()

    def _engine(self) -> sa.Engine:
        pid = os.getpid()
        found = self._engines.get(pid)
        if found is not None:
            return found
        # No lock, because a fork could inherit it locked.  If two threads make an
        # engine each, setdefault() keeps one.
        made = engine(self._conf, self._timeout_s)
        return self._engines.setdefault(pid, made)

    def _run_with_retries(
        self, engine: sa.Engine, work: Callable[[sa.Connection], T]
    ) -> T:
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                with errors(), engine.connect() as connection:
                    return work(connection)
            except (ConcurrentUpdate, db_exception.DBDeadlock):
                if time.monotonic() > deadline:
                    raise exceptions.StoreUnavailable from None
            # A random delay, so that the conflicting processes do not collide again.
            time.sleep(random.uniform(0, 0.02))  # noqa: S311


@contextlib.contextmanager
def errors() -> Iterator[None]:
    """Convert the errors of an unreachable or uninitialized database.

    Deadlocks, duplicates and invalid values are passed on unchanged.

    :raises StoreUnavailable: the reason is in the log
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
