# SPDX-License-Identifier: Apache-2.0
"""SQLAlchemy engines for the database of authorizations.

oslo.db's enginefacade is not used, because it reads its options from the global CONF.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import options
from oslo_db.sqlalchemy import engines, exc_filters

from console_ext import exceptions

# oslo.db's options that are passed to the engine.  max_retries is not among them: it
# makes a service wait for the database at the start, and this one connects on demand.
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
    """Return an engine for ``[database] connection``; it connects on first use.

    :param timeout_s: the timeout of each wait for the database; None for no timeout,
        for changes of the schema
    :raises ConfigurationError: the URL is invalid, or its driver is not installed
    """
    conf.register_opts(options.database_opts, group='database')
    database = conf.database
    try:
        url = _of_mysql(_parsed(database.connection or ''))
        if database.connection_parameters:
            url = url.update_query_string(database.connection_parameters, append=True)
        if timeout_s is not None:
            url = _bounded(url, timeout_s)
        make = _of_file if url.get_backend_name() == 'sqlite' else _of_server
        made = make(url, database, timeout_s)
    except ValueError as error:
        raise exceptions.ConfigurationError(
            f'[database] connection: {first_line(error)}'
        ) from None
    except (sa.exc.ArgumentError, ImportError) as error:
        # Without the URL, which may contain a password.
        raise exceptions.ConfigurationError(
            f'[database] connection: {type(error).__name__}: {first_line(error)}'
        ) from None
    # The parameters of statements include hashes of tokens.
    made.hide_parameters = True
    return made


def _parsed(connection: str) -> sa.URL:
    """
    :raises ValueError: without parts of the URL, which may contain a password
    """
    if not connection:
        raise ValueError('it is not set')
    if not connection.isprintable():
        raise ValueError('it has a control character')
    try:
        url = sa.make_url(connection)
    except (sa.exc.ArgumentError, ValueError):
        url = None
    # After an "@" that is not encoded, the rest of a password is the host or the port.
    if url is None or '@' in (url.host or ''):
        raise ValueError(
            'it is not a URL such as mysql+pymysql://user:password@host/database; in '
            'the password, encode special characters such as @ (%40)'
        )
    return url


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
    # Each transaction has its own end.  The pool's rollback after it would wait for a
    # server that has become silent, and the pool logs its failure with a traceback.
    made.pool._reset_on_return = sa.pool.reset_none
    _replace_connections(made)
    if timeout_s is not None:
        _bound_locks(made, timeout_s)
    return made


def _of_file(
    url: sa.URL, database: cfg.ConfigOpts.GroupAttr, timeout_s: int | None
) -> sa.Engine:
    """Return an engine for SQLite.

    It raises SQLAlchemy's errors, because oslo.db's engine is not used: that one opens
    the file for each call, which takes longer than the call itself.
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
            # With a write-ahead log, NORMAL is safe: a power failure may lose the last
            # changes, but does not damage the file.
            synchronous = 'NORMAL' if journal == 'wal' else 'FULL'
            if not database.sqlite_synchronous:
                synchronous = 'OFF'
            cursor.execute(f'PRAGMA synchronous = {synchronous}')

    @sa.event.listens_for(made, 'checkout')
    def checkout(connection: Any, record: Any, proxy: Any) -> None:
        # Otherwise SQLite keeps using the deleted file.
        if record.info['file'] != _identity(file):
            raise sa.exc.DisconnectionError('the file was replaced')

    return made


def _identity(file: str) -> tuple[int, int] | None:
    """Return the device and inode of a file; None if the file does not exist."""
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
    """Add the driver's timeouts to the URL, except those that the URL already has."""
    socket = ('connect_timeout', 'read_timeout', 'write_timeout')
    libpq: Mapping[str, int] = {
        'connect_timeout': timeout_s,
        # Detects a host that has disappeared, with and without unacknowledged data.
        'tcp_user_timeout': timeout_s * 1000,
        'keepalives_idle': timeout_s,
        'keepalives_interval': 1,
        'keepalives_count': 3,
    }
    # Longer than the server's lock timeout, so that its error arrives first.
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


def _replace_connections(made: sa.Engine) -> None:
    """Replace a connection of the pool whose ping fails, whatever the error is.

    SQLAlchemy replaces it only if the connection is lost.  But a server that was frozen
    may leave a failed transaction, for example.
    """

    def handle_error(context: sa.engine.ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if context.is_pre_ping and error is not None:
            context.is_disconnect = True
            raise error

    # Before oslo.db's handler, which logs unknown errors with a traceback.
    theirs = exc_filters.handler
    is_registered = sa.event.contains(made, 'handle_error', theirs)
    if is_registered:
        sa.event.remove(made, 'handle_error', theirs)
    sa.event.listen(made, 'handle_error', handle_error)
    if is_registered:
        sa.event.listen(made, 'handle_error', theirs, retval=True)


def _bound_locks(made: sa.Engine, timeout_s: int) -> None:
    """Set the database server's timeout, which ends before the driver's."""
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
    """Return the first line of an error; further lines may quote secret values."""
    return next(iter(str(error).splitlines()), '')
