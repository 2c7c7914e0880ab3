# SPDX-License-Identifier: Apache-2.0
"""The store as the event loop uses it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import unittest.mock
from concurrent import futures

import pytest

from console_ext import exceptions
from console_ext.proxy.admission.leases import OWN_THREADS, Leases, heartbeat_s
from console_ext.store.authorization import Loss
from tests.parts.deployment import server_id
from tests.parts.stores import factories
from tests.parts.stores.faulty import FaultyStore
from tests.parts.waiting import until


@pytest.fixture
def store(tmp_path):
    conf = factories.configuration(
        f'sqlite:///{tmp_path}/tokens.db', console_tokens={'spice_max_sockets': 50}
    )
    made = FaultyStore(conf)
    issue(made, 'token')
    yield made
    made.close()


def issue(store, token, console_type='serial'):
    store.issue(token, factories.authorization(console_type), factories.TTL_S)


def run(store, test, timeout_s=30):
    async def inside():
        leases = Leases(store, 2, timeout_s)
        try:
            await test(leases)
        finally:
            leases.close()

    asyncio.run(inside())


def test_redeem_and_release(store):
    """Each call reaches the store once."""

    async def test(leases):
        lease = await leases.redeem('token', 'serial', '10.0.0.1')
        assert store.asked == [('token', 'serial', '10.0.0.1')]
        leases.release(lease)
        await leases.told(30)
        assert store.released == [lease]

    run(store, test)


def test_a_client_that_leaves_while_the_store_is_asked(store):
    """A lease that the store grants afterwards is released."""

    async def test(leases):
        store.answers.clear()
        asking = asyncio.create_task(leases.redeem('token', 'serial', '10.0.0.1'))
        await until(lambda: store.called)
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        store.answers.set()
        await until(lambda: store.withdrawn)
        assert await leases.redeem('token', 'serial', '10.0.0.1')

    run(store, test)


def test_a_stop_while_the_store_is_asked(store):
    """It waits for the lease that the store grants afterwards, and withdraws it."""

    async def test(leases):
        store.answers.clear()
        asking = asyncio.create_task(leases.redeem('token', 'serial', '10.0.0.1'))
        await until(lambda: store.called)
        asking.cancel()
        await asyncio.wait({asking})
        stopping = asyncio.create_task(leases.told(30))
        await asyncio.sleep(0.05)
        assert not stopping.done()
        store.answers.set()
        await stopping
        assert len(store.withdrawn) == 1

    run(store, test)


def test_a_client_that_leaves_just_when_the_store_answers(store):
    """The client counts as gone."""

    async def test(leases):
        answer = futures.Future()
        leases._clients = unittest.mock.Mock(submit=lambda *_: answer)
        asking = asyncio.create_task(leases.redeem('token', 'serial', '10.0.0.1'))
        await asyncio.sleep(0)
        answer.set_result(store.redeem('token', 'serial', '10.0.0.1'))
        # The answer is on its way to the event loop.
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await until(lambda: store.withdrawn)

    run(store, test)


def test_a_store_that_refuses_too_late(store):
    """The error is not reported as unhandled."""

    async def test(leases):
        store.answers.clear()
        with pytest.raises(exceptions.StoreUnavailable):
            await leases.redeem('unknown', 'serial', '10.0.0.1')
        store.answers.set()
        await asyncio.sleep(0.05)

    run(store, test, 0.05)


def test_the_heartbeat_goes_on(store):
    """Heartbeats continue despite errors of the store, and find revoked sessions."""

    async def test(leases):
        lease = await leases.redeem('token', 'serial', '10.0.0.1')
        revoked = asyncio.Event()
        leases.hold(lease, lambda _: revoked.set())
        store.away.set()
        beating = asyncio.create_task(leases.beat(0.02))
        await asyncio.sleep(0.1)
        store.away.clear()
        store.keep = lambda _: 1 / 0
        await asyncio.sleep(0.1)
        del store.keep
        assert not revoked.is_set()
        store.revoke(server_id('01'))
        await asyncio.wait_for(revoked.wait(), 30)
        leases.hold(lease, lambda _: 1 / 0)
        await asyncio.sleep(0.05)
        leases.hold(lease, lambda _: revoked.set())
        revoked.clear()
        await asyncio.wait_for(revoked.wait(), 30)
        beating.cancel()

    run(store, test)


async def opened(leases, store, lost):
    """Return the lease of a live session that can be opened again."""
    issue(store, 'rejoinable')
    lease = await leases.redeem('rejoinable', 'serial', 'c', rejoinable=True)
    leases.hold(lease, lost)
    return lease


def test_rejoin(store):
    """The previous session in this process ends only when its caller says so."""

    async def test(leases):
        losses = []
        lease = await opened(leases, store, losses.append)
        again = await leases.rejoin(lease.rejoin_key.text, 'serial', 'c')
        assert losses == []
        leases.end_replaced(again)
        assert losses == [Loss.REPLACED]
        leases.hold(again, losses.append)
        # The end of the previous session does not affect the new one.
        leases.release(lease)
        await leases.told(30)
        last = await leases.rejoin(again.rejoin_key.text, 'serial', 'c')
        leases.end_replaced(last)
        assert losses == [Loss.REPLACED] * 2
        leases.hold(last, losses.append)
        leases.release(last)
        await leases.told(30)
        leases.end_replaced(last)
        assert len(losses) == 2

    run(store, test)


def test_a_rejoin_in_another_process(store):
    """The session learns it with its next heartbeat."""

    async def test(leases):
        loss = asyncio.get_running_loop().create_future()
        lease = await opened(leases, store, loss.set_result)
        beating = asyncio.create_task(leases.beat(0.02))
        store.rejoin(lease.rejoin_key.text, 'serial', 'c')
        assert await asyncio.wait_for(loss, 30) is Loss.REPLACED
        leases.release(lease)
        beating.cancel()

    run(store, test)


def test_a_rejoin_whose_client_leaves(store):
    """A key that the store takes afterwards is valid again."""

    async def test(leases):
        lease = await opened(leases, store, print)
        key = lease.rejoin_key.text
        store.answers.clear()
        called = store.called
        asking = asyncio.create_task(leases.rejoin(key, 'serial', 'c'))
        await until(lambda: store.called > called)
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        store.answers.set()
        await until(lambda: store.withdrawn)
        assert await leases.rejoin(key, 'serial', 'c')

    run(store, test)


def test_a_store_that_opens_again_too_late(store):
    """The same if the store takes too long."""

    async def test(leases):
        lease = await opened(leases, store, print)
        key = lease.rejoin_key.text
        store.answers.clear()
        with pytest.raises(exceptions.StoreUnavailable):
            await leases.rejoin(key, 'serial', 'c')
        store.answers.set()
        await until(lambda: store.withdrawn)
        assert store.rejoin(key, 'serial', 'c')

    run(store, test, 0.2)


def test_many_ends_at_once(store):
    """Releases are collected and sent together; a stop waits for them."""
    told = []

    def release(leases):
        told.append(len(leases))
        FaultyStore.release(store, leases)

    store.release = release

    async def test(leases):
        issue(store, 'spice', 'spice-html5')
        many = [await leases.redeem('spice', 'spice-html5', 'c') for _ in range(50)]
        for lease in many:
            leases.release(lease)
            await asyncio.sleep(0)
        assert told == []
        await leases.told(30)
        assert set(store.released) == set(many)
        assert told == [50]

    run(store, test)


@pytest.mark.parametrize('away', [False, True])
def test_sweeping(store, away):
    """The store is purged repeatedly, also after it was unavailable."""

    async def test(leases):
        if away:
            store.away.set()
        sweeping = asyncio.create_task(leases.sweep(0.02))
        while store.purged < 3:
            await asyncio.sleep(0.01)
        sweeping.cancel()

    run(store, test)
    assert store.purged >= 3


def test_room_for_our_own_calls(store):
    """While tokens are tried faster than the store answers, sessions are kept, ended
    and given back."""

    async def test(leases):
        lease = await leases.redeem('token', 'serial', '10.0.0.1')
        kept, keep = threading.Event(), store.keep
        store.keep = lambda live: kept.set() or keep(live)
        stuck = threading.Event()
        store.redeem = lambda *_, **__: stuck.wait(60)
        tries = [
            asyncio.create_task(leases.redeem('bogus', 'serial', f'10.0.0.{number}'))
            for number in range(200)
        ]
        await asyncio.sleep(0)
        beating = asyncio.create_task(leases.beat(0.01))
        while not kept.is_set():
            await asyncio.sleep(0.01)
        await leases.withdraw(lease)
        assert store.withdrawn == [lease]
        assert not any(task.done() for task in tries)
        beating.cancel()
        for task in tries:
            task.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
        stuck.set()

    run(store, test)


def test_the_heartbeat_waits_for_no_withdrawal(store):
    """However many clients are refused, sessions are kept."""

    async def test(leases):
        await leases.redeem('token', 'serial', '10.0.0.1')
        issue(store, 'refused')
        refused = await leases.redeem('refused', 'serial', '10.0.0.2')
        kept, keep = threading.Event(), store.keep
        store.keep = lambda live: kept.set() or keep(live)
        stuck = threading.Event()
        store.withdraw = lambda _: stuck.wait(60)
        for _ in range(2 * OWN_THREADS):
            leases.withdraw(refused)
        beating = asyncio.create_task(leases.beat(0.01))
        await until(kept.is_set)
        beating.cancel()
        stuck.set()

    run(store, test)


def test_a_client_that_tries_tokens(store):
    """Another client's token is redeemed without waiting."""

    async def test(leases):
        stuck = threading.Event()
        redeem = store.redeem

        def slow(token, *rest, **options):
            if token == 'bogus':
                stuck.wait(60)
            return redeem(token, *rest, **options)

        store.redeem = slow
        tries = [
            asyncio.create_task(leases.redeem('bogus', 'serial', '10.0.0.1'))
            for _ in range(100)
        ]
        await asyncio.sleep(0)
        assert await leases.redeem('token', 'serial', '10.0.0.2')
        assert not any(task.done() for task in tries)
        stuck.set()
        await asyncio.gather(*tries, return_exceptions=True)

    run(store, test)


def test_a_purge_that_does_not_end(store, caplog):
    """A purge may take one interval, and never runs twice at the same time."""
    stuck = threading.Event()
    begun = []

    def purge():
        begun.append(1)
        stuck.wait(60)
        return 0

    store.purge = purge

    async def test(leases):
        sweeping = asyncio.create_task(leases.sweep(0.02))
        while caplog.text.count('purge of the store takes longer than') < 3:
            await asyncio.sleep(0.01)
        stuck.set()
        sweeping.cancel()

    run(store, test)
    assert len(begun) == 1


@pytest.mark.parametrize(('interval', 'lease'), [(5, 60), (5, 15), (0.1, 1)])
def test_a_heartbeat_that_may_be_lost(deployment, interval, lease):
    """After one lost heartbeat, the lease is still valid."""
    deployment.configure(
        console_proxy={'heartbeat_interval': interval}, console_tokens={'lease': lease}
    )
    assert heartbeat_s(deployment.conf()) == interval


@pytest.mark.parametrize(
    ('interval', 'lease', 'longest'),
    [(5, 14, '4.66'), (60, 60, '20'), (7200, 3600, '1200')],
)
def test_a_heartbeat_that_is_too_slow_for_the_lease(
    deployment, interval, lease, longest
):
    """The error names both options, their values and what to do."""
    deployment.configure(
        console_proxy={'heartbeat_interval': interval}, console_tokens={'lease': lease}
    )
    with pytest.raises(exceptions.ConfigurationError) as caught:
        heartbeat_s(deployment.conf())
    assert str(caught.value) == (
        f'[console_proxy] heartbeat_interval is {interval} s, more than a third of '
        f'[console_tokens] lease, {lease} s: one lost heartbeat could make open '
        f'sessions count as closed; set heartbeat_interval to at most {longest} or '
        'raise lease'
    )
