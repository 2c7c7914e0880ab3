# SPDX-License-Identifier: Apache-2.0
"""SQLAlchemy engines for the database of authorizations.

Not oslo.db's enginefacade: that registers options with the global CONF and reads them
there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import options
from oslo_db.sqlalchemy import engines

from console_ext import exceptions

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
)


def engine(conf: cfg.ConfigOpts, timeout_s: int | None) -> sa.Engine:
    """An engine for ``[database] connection``; it connects when it is used.

    :param timeout_s: bounds each wait for the database; None for as long as a change
        of the schema takes
    :raises ConfigurationError: the URL cannot be used, or its driver is not installed
    """
    conf.register_opts(options.database_opts, group='database')
    database = conf.database
    try:
        if not (database.connection or '').isprintable():
            raise ValueError('it has a control character')
        url = _of_mysql(sa.make_url(database.connection or ''))
        if database.connection_parameters:
            url = url.update_query_string(database.connection_parameters, append=True)
        if timeout_s is not None:
            url = _bounded(url, timeout_s)
        make = _of_file if url.get_backend_name() == 'sqlite' else _of_server
        made = make(url, database, timeout_s)
    except (sa.exc.ArgumentError, ImportError, ValueError) as error:
        # Not the URL: it may hold a password.
        raise exceptions.ConfigurationError(
            f'[database] connection: {type(error).__name__}: {first_line(error)}'
        ) from None
    # Hashes of tokens are among the parameters.
    made.hide_parameters = True
    return made


def _of_server(
    url: sa.URL, database: cfg.ConfigOpts.GroupAttr, timeout_s: int | None
) -> sa.Engine:
    made: sa.Engine = engines.create_engine(
        url,
        max_retries=0,
        thread_checkin=False,
        pool_timeout=database.pool_timeout or timeout_s,
        **{name: getattr(database, name) for name in _OPTIONS},
    )
    if timeout_s is not None:
        _bound_locks(made, timeout_s)
    return made


def _of_file(
    url: sa.URL, database: cfg.ConfigOpts.GroupAttr, timeout_s: int | None
) -> sa.Engine:
    """An engine for SQLite.

    Not oslo.db's: that opens the file anew for each call, which takes longer than what
    there is to do.  So errors are SQLAlchemy's, not oslo.db's.
    """
    if url.database in (None, '', ':memory:'):
        raise ValueError('an SQLite database in memory cannot be shared')
    made = sa.create_engine(
        url,
        pool_size=database.max_pool_size,
        max_overflow=database.max_overflow,
        pool_timeout=database.pool_timeout or timeout_s or 30,
    )
    file = str(url.database)

    @sa.event.listens_for(made, 'connect')
    def connect(connection: Any, record: Any) -> None:
        record.info['file'] = _identity(file)
        with contextlib.closing(connection.cursor()) as cursor:
            (journal,) = cursor.execute('PRAGMA journal_mode').fetchone()
            # With a write-ahead log this cannot damage the file: what a power failure
            # may undo are the last changes.
            synchronous = 'NORMAL' if journal == 'wal' else 'FULL'
            if not database.sqlite_synchronous:
                synchronous = 'OFF'
            cursor.execute(f'PRAGMA synchronous = {synchronous}')

    @sa.event.listens_for(made, 'checkout')
    def checkout(connection: Any, record: Any, proxy: Any) -> None:
        # SQLite would go on with a file that nobody else can see any more.
        if record.info['file'] != _identity(file):
            raise sa.exc.DisconnectionError('the file was replaced')

    return made


def _identity(file: str) -> tuple[int, int] | None:
    """Which file it is; None if there is none of that name."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _of_mysql(url: sa.URL) -> sa.URL:
    """The URL with SQLAlchemy's ``mysql`` dialect in place of its ``mariadb``.

    They are one dialect, which finds out which server it talks to.  oslo.db knows
    deadlocks and duplicates by the first name only, and so do the options of tables.
    """
    backend, plus, driver = url.drivername.partition('+')
    if backend != 'mariadb':
        return url
    return url.set(drivername=f'mysql{plus}{driver}')


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


def first_line(error: BaseException) -> str:
    """What an error says, but for what may quote a statement with its values."""
    return next(iter(str(error).splitlines()), '')
