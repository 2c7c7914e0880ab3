# SPDX-License-Identifier: Apache-2.0
"""The way to the database, on which every wait has an end."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exception
from oslo_db import options
from oslo_db.sqlalchemy import engines

from console_ext import exceptions
from console_ext.threads import Busy, Threads

T = TypeVar('T')

LOG = logging.getLogger(__name__)

# oslo.db's options that an engine is made with, as they are.  Not max_retries: it is
# there to wait for a database when a service starts, and ours connects when it must.
_OPTIONS = (
    'connection_debug',
    'connection_recycle_time',
    'connection_trace',
    'max_overflow',
    'max_pool_size',
    'mysql_sql_mode',
    'mysql_wsrep_sync_wait',
    'sqlite_synchronous',
)

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
    :raises ConfigurationError: as :func:`engine`
    """

    def __init__(self, conf: cfg.ConfigOpts, timeout_s: int):
        self._conf = conf
        self._timeout_s = timeout_s
        self._threads = Threads(MAX_CALLS, 'console-tokens')
        self._of_process: dict[int, sa.Engine] = {}
        self._own()

    def run(self, work: Callable[[sa.Connection], T]) -> T:
        """Do work that begins and ends its transactions, again if it was overtaken.

        :raises StoreUnavailable: the database is away, or does not answer in time;
            what it was told to do it may do yet
        """
        engine = self._own()
        if engine.driver not in _DRIVERS_WITHOUT_TIMEOUT:
            return self._retried(engine, work)
        try:
            done: T = self._threads.run(
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


def engine(conf: cfg.ConfigOpts, timeout_s: int | None) -> sa.Engine:
    """An engine for ``[database] connection``; it connects when it is used.

    Not oslo.db's enginefacade: that registers options with the global CONF and reads
    them there.

    :param timeout_s: bounds each wait for the database; None for as long as a change
        of the schema takes
    :raises ConfigurationError: the URL cannot be used, or its driver is not installed
    """
    conf.register_opts(options.database_opts, group='database')
    database = conf.database
    try:
        url = sa.make_url(database.connection or '')
        if database.connection_parameters:
            url = url.update_query_string(database.connection_parameters, append=True)
        if timeout_s is not None:
            url = _bounded(url, timeout_s)
        values = {name: getattr(database, name) for name in _OPTIONS}
        # oslo.db gives SQLite files no pool, and fails on a timeout for one.
        if url.get_backend_name() != 'sqlite':
            values['pool_timeout'] = database.pool_timeout or timeout_s
        made: sa.Engine = engines.create_engine(
            url, max_retries=0, thread_checkin=False, **values
        )
    except (sa.exc.ArgumentError, ImportError, ValueError) as error:
        # Not the URL: it may hold a password.
        raise exceptions.ConfigurationError(
            f'[database] connection: {type(error).__name__}: {_first_line(error)}'
        ) from None
    if made.dialect.name == 'sqlite' and made.url.database in (None, '', ':memory:'):
        raise exceptions.ConfigurationError(
            '[database] connection: an SQLite database in memory cannot be shared'
        )
    # Hashes of tokens are among the parameters.
    made.hide_parameters = True
    if timeout_s is not None:
        _bound_locks(made, timeout_s)
    return made


def _bounded(url: sa.URL, timeout_s: int) -> sa.URL:
    """The URL with timeouts for its driver, where the URL itself has none."""
    socket = ('connect_timeout', 'read_timeout', 'write_timeout')
    libpq: Mapping[str, int] = {
        'connect_timeout': timeout_s,
        # For a host that is gone without a word, with or without data on the way.
        'tcp_user_timeout': timeout_s * 1000,
        'keepalives_idle': timeout_s,
        'keepalives_interval': 1,
        'keepalives_count': 3,
    }
    # A lock may take as long as it is given, and its answer comes after that.
    bounds: Mapping[str, Mapping[str, int]] = {
        'pymysql': dict.fromkeys(socket, timeout_s + 1),
        'mysqldb': dict.fromkeys(socket, timeout_s + 1),
        'psycopg2': libpq,
        'psycopg': libpq,
        'pysqlite': {'timeout': timeout_s},
    }
    ours = bounds.get(url.get_driver_name(), {})
    return url.update_query_dict(
        {key: str(value) for key, value in ours.items() if key not in url.query}
    )


def _bound_locks(made: sa.Engine, timeout_s: int) -> None:
    """Let the server itself give up, before the driver does."""
    statement = {
        'postgresql': f'SET statement_timeout = {timeout_s * 1000}',
        'mysql': f'SET SESSION innodb_lock_wait_timeout = {timeout_s}',
    }.get(made.dialect.name)
    if statement is None:
        return

    @sa.event.listens_for(made, 'connect')
    def connect(connection: Any, record: Any) -> None:
        with contextlib.closing(connection.cursor()) as cursor:
            cursor.execute(statement)
        connection.commit()


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
    ):
        raise
    except (db_exception.DBError, sa.exc.SQLAlchemyError) as error:
        cause = getattr(error, 'inner_exception', None) or error
        LOG.error(
            'The database of console authorizations failed: %s: %s',
            type(error).__name__,
            _first_line(getattr(cause, 'orig', None) or cause),
        )
        raise exceptions.StoreUnavailable from None


def _first_line(error: BaseException) -> str:
    """The rest may quote a statement with its values."""
    return next(iter(str(error).splitlines()), '')
