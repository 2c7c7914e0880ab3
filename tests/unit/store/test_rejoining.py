# SPDX-License-Identifier: Apache-2.0
"""Sessions that are opened again, in any order of events, against a model."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from console_ext import exceptions
from console_ext.store.authorization import Lease, Loss
from console_ext.store.store import Store
from tests.parts.deployment import server_id
from tests.parts.stores import factories
from tests.parts.stores.factories import CLIENT, NOW

LEASE_S = 60
REJOIN_S = 60
LONGEST_S = 600


@dataclasses.dataclass
class Model:
    """What the store should know of the session.

    :ivar holder: the lease of the socket that is open, or may be
    :ivar lost: when the session had a socket last, without a holder
    :ivar key: the only key that is valid
    """

    opened: float
    holder: Lease | None
    holds_until: float
    key: str
    lost: float = 0.0
    revoked: bool = False

    @property
    def last_open(self) -> float:
        return self.lost if self.holder is None else self.holds_until

    def may_be_opened_again(self, key: str, client: str, now: float) -> bool:
        return (
            key == self.key
            and client == CLIENT
            and not self.revoked
            and now < self.opened + LONGEST_S
            and now < self.last_open + REJOIN_S
        )


class Rejoining(RuleBasedStateMachine):
    """One session; several proxies hold sockets of it, or think that they do."""

    def __init__(self):
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        file = Path(self.directory.name) / 'store.db'
        conf = factories.configuration(
            factories.make_database(file),
            database={'sqlite_synchronous': False},
            console_proxy={'max_session_time': LONGEST_S},
        )
        self.file = file
        self.clock = factories.Clock()
        self.store = Store(conf, self.clock.sql)
        self.token = factories.issued(self.store)
        lease = self.store.redeem(self.token, 'serial', CLIENT, rejoinable=True)
        self.leases = [lease]
        self.keys = [lease.rejoin_key.text]
        self.model = Model(NOW, lease, NOW + LEASE_S, self.keys[0])

    def teardown(self):
        self.store.close()
        self.directory.cleanup()

    @rule(seconds=st.sampled_from([1, 10, 29, 30, 59, 60, 61]))
    def wait(self, seconds):
        self.clock.now += seconds

    @rule(data=st.data(), client=st.sampled_from([CLIENT, CLIENT, '192.0.2.2']))
    def open_again(self, data, client):
        """With the newest key, or with an earlier one."""
        key = data.draw(st.sampled_from([self.keys[-1], self.model.key, *self.keys]))
        self._open_again(key, client)

    @rule()
    def open_again_in_vain(self):
        """The proxy cannot open the console, and withdraws the attempt."""
        before = dataclasses.replace(self.model)
        lease = self._open_again(before.key, CLIENT)
        if lease is None:
            return
        self.store.withdraw(lease)
        self.model = dataclasses.replace(
            before,
            holder=None,
            holds_until=0.0,
            lost=min(before.last_open, self.clock.now),
        )

    def _open_again(self, key, client) -> Lease | None:
        expected = self.model.may_be_opened_again(key, client, self.clock.now)
        try:
            lease = self.store.rejoin(key, 'serial', client)
        except exceptions.RejoinRefused:
            assert not expected
            return None
        assert expected
        assert lease.session_id == self.leases[0].session_id
        assert lease.left_s == self.model.opened + LONGEST_S - self.clock.now
        self.leases.append(lease)
        self.keys.append(lease.rejoin_key.text)
        self.model.key = lease.rejoin_key.text
        self.model.holder = lease
        self.model.holds_until = self.clock.now + LEASE_S
        return lease

    @rule(data=st.data())
    def release(self, data):
        """By the proxy of the socket, or late by one whose socket was replaced."""
        lease = data.draw(st.sampled_from(self.leases))
        self.store.release([lease])
        if lease is self.model.holder:
            self.model.holder = None
            self.model.lost = self.clock.now

    @rule(data=st.data())
    def withdraw_late(self, data):
        """An attempt that was released or replaced meanwhile."""
        lease = data.draw(st.sampled_from(self.leases))
        if lease is not self.model.holder:
            self.store.withdraw(lease)

    @rule()
    def heartbeat(self):
        """Every proxy keeps its socket; those that were replaced learn it."""
        lost = self.store.keep(self.leases)
        holder = self.model.holder
        if self.model.revoked:
            assert lost == dict.fromkeys(self.leases, Loss.REVOKED)
        else:
            others = [lease for lease in self.leases if lease is not holder]
            assert lost == dict.fromkeys(others, Loss.REPLACED)
        if holder is not None:
            self.model.holds_until = self.clock.now + LEASE_S

    @rule()
    @precondition(lambda self: len(self.leases) > 3)
    def revoke(self):
        self.store.revoke(server_id('01'))
        self.model.revoked = True

    @invariant()
    def one_socket_at_most(self):
        with contextlib.closing(sqlite3.connect(self.file)) as database:
            query = 'SELECT id FROM console_ext_sockets'
            sockets = [row[0] for row in database.execute(query)]
        holder = self.model.holder
        assert sockets == ([] if holder is None else [holder.socket_id])

    @invariant()
    def the_token_stays_used(self):
        with contextlib.suppress(exceptions.TokenRefused):
            self.store.redeem(self.token, 'serial', CLIENT)
            raise AssertionError('the token has opened a second session')


TestRejoining = Rejoining.TestCase
TestRejoining.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None
)
