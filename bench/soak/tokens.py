# SPDX-License-Identifier: Apache-2.0
"""Issues the tokens for a run in advance; issuing them one by one would be a load."""

from __future__ import annotations

import hashlib
import time
import uuid
from typing import Any

import sqlalchemy as sa

from bench.soak.servers import Servers
from console_ext.store.schema import AUTHORIZATIONS

_BATCH = 5000


def issue(connection: str, count: int, servers: Servers, valid_s: float) -> list[str]:
    """Write authorizations into a database.

    :param connection: the URL of the database
    :param servers: the tokens are for the serial consoles of these, in turn
    """
    now = time.time()
    made = [str(uuid.uuid4()) for _ in range(count)]
    rows = [
        {
            **_authorization(servers[number % len(servers)]),
            'token_hash': hashlib.sha256(token.encode()).hexdigest(),
            'console_type': 'serial',
            'issued': now,
            'expires': now + valid_s,
            'redeemed': 0,
        }
        for number, token in enumerate(made)
    ]
    engine = sa.create_engine(connection, poolclass=sa.NullPool)
    with engine.begin() as database:
        for start in range(0, count, _BATCH):
            database.execute(AUTHORIZATIONS.insert(), rows[start : start + _BATCH])
    engine.dispose()
    return made


def _authorization(server: dict[str, Any]) -> dict[str, Any]:
    serial = server['consoles']['serial']
    return {
        'server_id': server['id'],
        'project_id': server['project_id'],
        'user_id': server['user_id'],
        'compute_host': server['host'],
        'host': serial['host'],
        'port': serial['port'],
    }
