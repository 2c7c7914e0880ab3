# SPDX-License-Identifier: Apache-2.0
"""The checks of admission that wait: their order, and releasing what they hold."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import threading

import pytest

from console_ext import exceptions
from console_ext.proxy.admission.checks import Admission, Admitted
from console_ext.proxy.admission.compute import ComputeHosts
from console_ext.proxy.admission.leases import OWN_THREADS, Leases
from console_ext.proxy.admission.limits import Limits
from console_ext.proxy.admission.rules import RejoinRequest, TokenRequest
from console_ext.proxy.networks import Networks
from console_ext.proxy.relay.connector import Connector
from console_ext.proxy.relay.consoles import PlainConsoles
from console_ext.store.authorization import Loss
from tests.parts.peers import Computes, Guest
from tests.parts.stores import factories
from tests.parts.stores.faulty import FaultyStore
from tests.parts.waiting import until

ASKED = TokenRequest('token', '10.0.0.1')
CAPS = {'proxy': 9, 'client': 9, 'server': 9, 'project': 9}


class Parts:
    def __init__(self, conf, **caps: int):
        self.store, self.computes = FaultyStore(conf), Computes()
        self.limits = Limits({**CAPS, **caps})
        self.guest = Guest()
        # How long to wait for a compute host.
        self.patience_s = 30.0
        authorization = factories.authorization(port=self.guest.port)
        self.store.issue('token', authorization, factories.TTL_S)

    def close(self):
        self.guest.close()
        self.store.close()

    def run(self, test):
        async def inside():
            leases = Leases(self.store, 4, 30)
            self.leases = leases
            connector = Connector(Networks([], 'option'), 30)
            hosts = ComputeHosts(self.computes, {}, self.patience_s)
            admission = Admission(leases, self.limits, hosts, connector)
            try:
                await test(admission)
            finally:
                await leases.told(30)
                leases.close()
                connector.close()

        asyncio.run(inside())

    def nothing_is_held(self) -> bool:
        return len(self.limits) == 0 and not self.store.open_sockets


async def admit(admission):
    """Admit a request as for a new session."""
    async with contextlib.AsyncExitStack() as held:
        admitted = await admission.admit(ASKED, 'serial', PlainConsoles(), held)
        held.pop_all()
        return admitted


@pytest.fixture
def conf(tmp_path):
    return factories.configuration(f'sqlite:///{tmp_path}/tokens.db')


@pytest.fixture
def made(conf):
    parts = []

    def make(**caps):
        parts.append(Parts(conf, **caps))
        return parts[-1]

    yield make
    for one in parts:
        one.close()


def test_admitted(made):
    """Everything that the session holds is released when it ends."""
    parts = made()

    async def test(admission):
        admitted = await admit(admission)
        assert admitted.target.socket.getpeername()[1] == parts.guest.port
        assert len(parts.limits) == 4
        admitted.target.socket.close()
        admission.end(admitted)

    parts.run(test)
    assert parts.nothing_is_held()


@pytest.mark.parametrize('left_s', [None, 20.0])
def test_admitted_for_a_while(conf, made, left_s):
    """The remaining time counts from the redeem, however long the other checks take."""
    conf.set_override('max_session_time', left_s or 0, group='console_proxy')
    parts = made()
    parts.computes.answer_after_s = 0.1

    async def test(admission):
        before = asyncio.get_running_loop().time()
        admitted = await admit(admission)
        after = asyncio.get_running_loop().time()
        assert after - before >= 0.1
        if left_s is None:
            assert admitted.expires is None
        else:
            assert before + left_s <= admitted.expires < after + left_s - 0.1
        admitted.target.socket.close()
        admission.end(admitted)

    parts.run(test)


def test_admitted_without_a_session(made):
    """Everything is released, and the token can be used again."""
    parts = made()

    async def test(admission):
        for _ in range(2):
            held = contextlib.AsyncExitStack()
            admitted = await admission.admit(ASKED, 'serial', PlainConsoles(), held)
            admitted.target.socket.close()
            await held.__aexit__(OSError, OSError(), None)

    parts.run(test)
    assert parts.nothing_is_held()


def test_full_before_the_store_is_asked(made):
    """A client over its limit does not use up its token."""
    parts = made(client=1)

    async def test(admission):
        parts.limits.take('client', '10.0.0.1')
        with pytest.raises(exceptions.TooManySessions):
            await admit(admission)
        parts.limits.give_back('client', '10.0.0.1')

    parts.run(test)
    assert parts.store.asked == []
    assert parts.nothing_is_held()


@pytest.mark.parametrize('answer', [False, exceptions.HostUnreachable('x'), OSError()])
def test_not_confirmed(made, answer):
    """Whatever is in the way, nothing is held, and the target is not touched; whoever
    comes again finds the token as good as it was."""
    parts = made()
    parts.computes.answer = answer

    async def test(admission):
        for _ in range(2):
            with pytest.raises((exceptions.ConsoleExtError, OSError)) as caught:
                await admit(admission)
            assert not isinstance(caught.value, exceptions.TokenRefused)

    parts.run(test)
    assert parts.nothing_is_held()
    assert parts.guest.accepted == 0


def test_a_compute_host_that_hangs(made):
    """Its call is given up after the timeout."""
    parts = made()
    parts.patience_s = 0.2
    done = threading.Event()
    parts.computes.answer = lambda: done.wait(60)

    async def test(admission):
        with pytest.raises(exceptions.HostUnreachable):
            await admit(admission)
        assert not done.is_set()

    parts.run(test)
    done.set()
    assert parts.nothing_is_held()


@pytest.mark.parametrize('after_s', [0, 0.005, 0.02, 0.05])
def test_a_client_that_leaves(made, after_s):
    """Nothing stays held, whenever the client leaves."""
    parts = made()

    async def test(admission):
        admitting = asyncio.create_task(admit(admission))
        await asyncio.sleep(after_s)
        if not admitting.cancel():
            admitted = admitting.result()
            admitted.target.socket.close()
            admission.end(admitted)
        with contextlib.suppress(asyncio.CancelledError):
            await admitting
        await asyncio.sleep(0.05)

    parts.run(test)
    assert parts.nothing_is_held()


def test_a_refused_client_that_leaves(made):
    """The token is valid again, even if the store is busy and the client is gone."""
    parts = made()
    parts.store.issue('other', factories.authorization(), factories.TTL_S)
    answer = threading.Event()
    parts.computes.answer = lambda: answer.wait(60) and False

    async def test(admission):
        other = await parts.leases.redeem('other', 'serial', '10.0.0.1')
        admitting = asyncio.create_task(admit(admission))
        await until(lambda: parts.computes.asked)
        parts.store.answers.clear()
        called = parts.store.called
        for _ in range(OWN_THREADS):
            parts.leases.withdraw(other)
        await until(lambda: parts.store.called == called + OWN_THREADS)
        answer.set()
        await asyncio.sleep(0.2)
        admitting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await admitting
        parts.store.answers.set()

    parts.run(test)
    assert parts.nothing_is_held()


async def open_again(admission, lease) -> Admitted:
    """Open the session of a lease again."""
    async with contextlib.AsyncExitStack() as held:
        request = RejoinRequest(lease.rejoin_key.text, '10.0.0.1')
        admitted = await admission.admit(request, 'serial', PlainConsoles(), held)
        held.pop_all()
        return admitted


REJOINABLE = dataclasses.replace(ASKED, rejoinable=True)


@contextlib.asynccontextmanager
async def session(admission, leases):
    """An admitted session; when it is replaced, only its client's place is left."""
    async with contextlib.AsyncExitStack() as held:
        admitted = await admission.admit(REJOINABLE, 'serial', PlainConsoles(), held)
        held.pop_all()
    losses = []

    def lost(loss):
        losses.append(loss)
        admission.make_room(admitted)
        admitted.target.socket.close()

    leases.hold(admitted.lease, lost)
    yield admitted, losses
    admitted.target.socket.close()
    admission.end(admitted)


def test_opened_again(made):
    """The previous session ends before its place is taken and the guest is asked."""
    parts = made(client=1, server=1, project=1)

    async def test(admission):
        async with session(admission, parts.leases) as (first, losses):
            asked = parts.computes.answer = lambda: losses == [Loss.REPLACED]
            again = await open_again(admission, first.lease)
            assert asked()
            assert again.lease.session_id == first.lease.session_id
            again.target.socket.close()
            admission.end(again)

    parts.run(test)
    assert parts.nothing_is_held()


@pytest.mark.parametrize(
    'error', [exceptions.ConsoleMoved, exceptions.HostUnreachable, 'cancelled']
)
def test_not_opened_again(made, error):
    """Nothing is held, and the key is still valid."""
    parts = made()

    async def test(admission):
        async with session(admission, parts.leases) as (first, losses):
            if error is exceptions.HostUnreachable:
                parts.computes.answer = exceptions.HostUnreachable('compute-1')
            elif error is exceptions.ConsoleMoved:
                parts.computes.answer = False
            else:
                parts.computes.answer_after_s = 0.15
            opening = asyncio.create_task(open_again(admission, first.lease))
            if error == 'cancelled':
                await until(lambda: parts.computes.asked[1:])
                opening.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await opening
                await until(lambda: parts.store.withdrawn)
            else:
                with pytest.raises(error):
                    await opening
            parts.computes.answer = True
            again = await open_again(admission, first.lease)
            assert losses == [Loss.REPLACED]
            again.target.socket.close()
            admission.end(again)

    parts.run(test)
    assert parts.nothing_is_held()


def test_a_full_proxy(made):
    """It asks the store for nothing, and ends no session."""
    parts = made(proxy=1)

    async def test(admission):
        async with session(admission, parts.leases) as (first, losses):
            called = parts.store.called
            with pytest.raises(exceptions.TooManySessions):
                await open_again(admission, first.lease)
            assert (losses, parts.store.called) == ([], called)

    parts.run(test)
    assert parts.nothing_is_held()
