# SPDX-License-Identifier: Apache-2.0
"""Authorizations, tokens and configurations for tests."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import options

from console_ext import conf as config
from console_ext.store import migration
from console_ext.store.authorization import Authorization
from console_ext.store.schema import AUTHORIZATIONS
from console_ext.store.store import Store
from tests.parts.deployment import PROJECT_A, server_id

CLIENT = '192.0.2.1'
NOW = 1_800_000_000.25
TTL_S = 600


class Clock:
    """A database's clock that a test sets.

    :param now: seconds since the epoch
    """

    def __init__(self, now: float = NOW):
        self.now = now
        # As an SQL expression, for a store.
        self.sql: sa.BindParameter[float] = sa.bindparam(
            'now', callable_=lambda: self.now, type_=sa.Double()
        )


def configuration(connection: str, **changes: dict[str, Any]) -> cfg.ConfigOpts:
    """
    :param changes: other values, a keyword a group
    """
    conf = config.load([])
    conf.register_opts(options.database_opts, group='database')
    changes = {'database': {}, 'console_tokens': {}, **changes}
    changes['database'].setdefault('connection', connection)
    changes['console_tokens'].setdefault('timeout', 2)
    for group, values in changes.items():
        for name, value in values.items():
            conf.set_override(name, value, group=group)
    return conf


def authorization(console_type: str = 'serial', **changes: Any) -> Authorization:
    values = {
        'console_type': console_type,
        'server_id': server_id('01'),
        'project_id': PROJECT_A,
        'user_id': 'alice',
        'compute_host': 'compute-1',
        'host': '127.0.0.1',
        # Nothing listens there.
        'port': 1,
        'tls_port': None,
        'internal_access_path': None,
    }
    return Authorization(**{**values, **changes})


def new_token() -> str:
    return str(uuid.uuid4())


def issued(
    store: Store, console_type: str = 'serial', ttl_s: float = TTL_S, **changes: Any
) -> str:
    """Issue a new token for a console."""
    token = new_token()
    store.issue(token, authorization(console_type, **changes), ttl_s)
    return token


def issue_many(
    connection: str, tokens: Iterable[str], authorization: Authorization
) -> None:
    """Issue thousands of tokens in the time of one."""
    now = time.time()
    values = {
        **dataclasses.asdict(authorization),
        'issued': now,
        'expires': now + TTL_S,
        'redeemed': 0,
    }
    rows = [
        {**values, 'token_hash': hashlib.sha256(token.encode()).hexdigest()}
        for token in tokens
    ]
    engine = sa.create_engine(connection)
    with engine.begin() as database:
        database.execute(AUTHORIZATIONS.insert(), rows)
    engine.dispose()


def make_database(file: Path) -> str:
    """A new SQLite database without authorizations; its URL.

    To make the tables takes longer than most tests; a copy of them takes no time.
    """
    file.write_bytes(_migrated())
    return f'sqlite:///{file}'


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = f'{folder}/store.db'
        migration.sync(configuration(f'sqlite:///{file}'))
        with contextlib.closing(sqlite3.connect(file)) as database:
            return database.serialize()
