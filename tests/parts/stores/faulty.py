# SPDX-License-Identifier: Apache-2.0
"""The real store with faults: unavailable, silent or slow."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Collection, Mapping
from pathlib import Path

import sqlalchemy as sa
from oslo_config import cfg

from console_ext import exceptions
from console_ext.store import load_store
from console_ext.store.authorization import Authorization, Lease, Loss
from tests.parts.stores import factories


class FaultyStore:
    """The store of a configuration, with an SQLite database that is empty at first.

    :param conf: ``[database] connection`` names a file
    :param new: False for the database of another store
    :ivar away: while it is set, each call fails as where the database is away
    :ivar answers: while it is cleared, each call waits before it reaches the database
    :ivar delay_s: so long each call waits at least
    :ivar called: how many calls have begun
    :ivar asked: the arguments of each redeem
    :ivar released: the leases of each release that has ended, in order
    :ivar withdrawn: the lease of each withdrawal that has ended
    :ivar purged: how many purges have begun
    """

    def __init__(self, conf: cfg.ConfigOpts, *, new: bool = True):
        store = load_store(conf)
        assert store is not None
        file = sa.make_url(conf.database.connection).database
        assert file is not None
        if new:
            factories.make_database(Path(file))
        self._file = file
        self._store = store
        self.away = threading.Event()
        self.answers = threading.Event()
        self.answers.set()
        self.delay_s = 0.0
        self.called = 0
        self.asked: list[tuple[str, str, str]] = []
        self.released: list[Lease] = []
        self.withdrawn: list[Lease] = []
        self.purged = 0

    @property
    def open_sockets(self) -> int:
        """How many sockets the database has; faults do not apply."""
        with contextlib.closing(sqlite3.connect(self._file)) as database:
            query = 'SELECT COUNT(*) FROM console_ext_sockets'
            (number,) = database.execute(query).fetchone()
        return int(number)

    def issue(self, token: str, authorization: Authorization, ttl_s: float) -> None:
        self._store.issue(token, authorization, ttl_s)

    def redeem(
        self,
        token: str,
        console_type: str,
        client_address: str,
        *,
        rejoinable: bool = False,
    ) -> Lease:
        self._begin()
        self.asked.append((token, console_type, client_address))
        return self._store.redeem(
            token, console_type, client_address, rejoinable=rejoinable
        )

    def rejoin(self, key: str, console_type: str, client_address: str) -> Lease:
        self._begin()
        return self._store.rejoin(key, console_type, client_address)

    def withdraw(self, lease: Lease) -> None:
        self._begin()
        self._store.withdraw(lease)
        self.withdrawn.append(lease)

    def release(self, leases: Collection[Lease]) -> None:
        self._begin()
        self._store.release(leases)
        self.released += leases

    def keep(self, leases: Collection[Lease]) -> Mapping[Lease, Loss]:
        self._begin()
        return self._store.keep(leases)

    def revoke(self, server_id: str) -> int:
        return self._store.revoke(server_id)

    def purge(self) -> int:
        self.purged += 1
        self._begin()
        return self._store.purge()

    def close(self) -> None:
        self._store.close()

    def _begin(self) -> None:
        self.called += 1
        self.answers.wait(30)
        time.sleep(self.delay_s)
        if self.away.is_set():
            raise exceptions.StoreUnavailable
