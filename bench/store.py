# SPDX-License-Identifier: Apache-2.0
"""Compares a store with many authorizations with an empty one.

``python -m bench.store [--rows N] [--connection URL]``.  The default is an SQLite file
in the temporary directory.  A given database is filled, and not emptied afterwards.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable

import sqlalchemy as sa
from oslo_db import options

from console_ext import conf as config
from console_ext.store import clock, migration
from console_ext.store.schema import AUTHORIZATIONS
from console_ext.store.store import Store
from tests.parts.stores.factories import authorization

SAMPLES = 300
BATCH = 20_000
CLIENT = '192.0.2.1'


def measure(store: Store) -> dict[str, float]:
    """Return the median time of each call, in milliseconds."""
    tokens = [str(uuid.uuid4()) for _ in range(SAMPLES)]
    leases = []
    calls: dict[str, Callable[[str], object]] = {
        'issue': lambda token: store.issue(
            token, authorization(server_id=str(uuid.uuid4())), 600
        ),
        'redeem': lambda token: leases.append(store.redeem(token, 'serial', CLIENT)),
        'release': lambda token: store.release([leases.pop()]),
        'revoke': lambda token: store.revoke(token),
    }
    taken = {}
    for name, call in calls.items():
        times = []
        for token in tokens:
            before = time.perf_counter()
            call(token)
            times.append(time.perf_counter() - before)
        taken[name] = statistics.median(times) * 1000
    return taken


def fill(connection: str, rows: int) -> None:
    """Insert realistic rows: half of them are expired, none can be purged yet."""
    now = time.time()
    values = {
        **dataclasses.asdict(authorization()),
        'issued': now,
        'redeemed': 0,
    }
    engine = sa.create_engine(connection)
    for start in range(0, rows, BATCH):
        batch = [
            {
                **values,
                'token_hash': hashlib.sha256(uuid.uuid4().bytes).hexdigest(),
                'server_id': str(uuid.uuid4()),
                'expires': now + (600 if number % 2 else -1800),
            }
            for number in range(start, min(start + BATCH, rows))
        ]
        with engine.begin() as database:
            database.execute(AUTHORIZATIONS.insert(), batch)
    engine.dispose()


def run(connection: str, rows: int) -> None:
    conf = config.load([])
    conf.register_opts(options.database_opts, group='database')
    conf.set_override('connection', connection, group='database')
    migration.sync(conf)
    store = Store(conf)
    few = measure(store)
    fill(connection, rows)
    # The first changes after the fill are slower: PostgreSQL logs whole pages.
    measure(store)
    many = measure(store)
    print(f'median ms        {"none":>8}{rows:>12}   ratio')
    for name, taken in few.items():
        ratio = many[name] / taken
        print(f'{name:<16} {taken:8.2f}{many[name]:12.2f}{ratio:8.2f}')
    before = time.perf_counter()
    store.purge()
    print(f'purge, nothing to delete: {(time.perf_counter() - before) * 1000:.2f} ms')
    dialect = sa.make_url(connection).get_backend_name()
    later = Store(conf, clock.now(dialect) + 1800 + 3600)
    before = time.perf_counter()
    purged = later.purge()
    print(f'purge of {purged}: {time.perf_counter() - before:.1f} s')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rows', type=int, default=1_000_000)
    parser.add_argument('--connection')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(arguments.connection or f'sqlite:///{folder}/store.db', arguments.rows)


if __name__ == '__main__':
    main()
