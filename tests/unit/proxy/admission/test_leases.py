# SPDX-License-Identifier: Apache-2.0
"""The store, as the event loop sees it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import unittest.mock
from concurrent import futures

import pytest

from console_ext import exceptions
from console_ext.proxy.admission.leases import Grants
from tests.proxy_parts import Authority


@pytest.fixture
def authority():
    made = Authority()
    made.issue('token')
    return made


def run(authority, test, timeout_s=0.1):
    async def inside():
        grants = Grants(authority, 2, timeout_s)
        try:
            await test(grants)
        finally:
            grants.close()

    asyncio.run(inside())


def test_redeem_and_release(authority):
    """Each reaches the store once."""

    async def test(grants):
        grant = await grants.redeem('token', 'serial', '10.0.0.1')
        assert authority.asked == [('token', 'serial', '10.0.0.1')]
        grants.release(grant)
        await grants.told(1)
        assert authority.released == [grant]

    run(authority, test)


def test_a_client_that_leaves_while_the_store_is_asked(authority):
    """What the store grants after that is given back."""

    async def test(grants):
        authority.answers.clear()
        asking = asyncio.create_task(grants.redeem('token', 'serial', '10.0.0.1'))
        await asyncio.sleep(0.02)
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
        authority.answers.set()
        await asyncio.sleep(0.1)
        await grants.told(1)
        assert len(authority.withdrawn) == 1
        assert await grants.redeem('token', 'serial', '10.0.0.1')

    run(authority, test)


def test_a_client_that_leaves_just_when_the_store_answers(authority):
    """It is not taken for one that is still there."""

    async def test(grants):
        answer = futures.Future()
        grants._clients = unittest.mock.Mock(submit=lambda *_: answer)
        asking = asyncio.create_task(grants.redeem('token', 'serial', '10.0.0.1'))
        await asyncio.sleep(0)
        answer.set_result(authority.redeem('token', 'serial', '10.0.0.1'))
        # The answer is on its way to the loop.
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.sleep(0.05)
        await grants.told(1)
        assert len(authority.withdrawn) == 1

    run(authority, test)


def test_a_store_that_refuses_too_late(authority):
    """Is no error that nobody looks at."""

    async def test(grants):
        authority.answers.clear()
        with pytest.raises(exceptions.StoreUnavailable):
            await grants.redeem('unknown', 'serial', '10.0.0.1')
        authority.answers.set()
        await asyncio.sleep(0.05)

    run(authority, test, 0.05)


def test_the_heartbeat_goes_on(authority):
    """Whatever the store does; and it finds what was revoked."""

    async def test(grants):
        grant = await grants.redeem('token', 'serial', '10.0.0.1')
        revoked = asyncio.Event()
        grants.hold(grant, revoked.set)
        authority.away.set()
        beating = asyncio.create_task(grants.beat(0.02))
        await asyncio.sleep(0.1)
        authority.away.clear()
        authority.keep = lambda _: 1 / 0
        await asyncio.sleep(0.1)
        del authority.keep
        assert not revoked.is_set()
        authority.revoked.add(grant)
        await asyncio.wait_for(revoked.wait(), 1)
        grants.hold(grant, lambda: 1 / 0)
        await asyncio.sleep(0.05)
        grants.hold(grant, revoked.set)
        revoked.clear()
        await asyncio.wait_for(revoked.wait(), 1)
        beating.cancel()

    run(authority, test)


def test_many_ends_at_once(authority):
    """What ends within a moment is told together, and is waited for at the end."""
    told = []

    def release(grants):
        told.append(len(grants))
        Authority.release(authority, grants)

    authority.release = release

    async def test(grants):
        authority.issue('spice', console_type='spice-html5')
        many = [await grants.redeem('spice', 'spice-html5', 'c') for _ in range(50)]
        for grant in many:
            grants.release(grant)
            await asyncio.sleep(0)
        assert told == []
        await grants.told(2)
        assert set(authority.released) == set(many)
        assert told == [50]

    run(authority, test)


@pytest.mark.parametrize('away', [False, True])
def test_sweeping(authority, away):
    """The store is purged again and again, also after it was away."""

    async def test(grants):
        if away:
            authority.away.set()
        sweeping = asyncio.create_task(grants.sweep(0.02))
        while authority.purged < 3:
            await asyncio.sleep(0.01)
        sweeping.cancel()

    run(authority, test)
    assert authority.purged >= 3


def test_room_for_our_own_calls(authority):
    """While tokens are tried faster than the store answers, sessions are kept, ended
    and given back."""

    async def test(grants):
        grant = await grants.redeem('token', 'serial', '10.0.0.1')
        kept, keep = threading.Event(), authority.keep
        authority.keep = lambda live: kept.set() or keep(live)
        stuck = threading.Event()
        authority.redeem = lambda *_: stuck.wait(10)
        tries = [
            asyncio.create_task(grants.redeem('bogus', 'serial', f'10.0.0.{number}'))
            for number in range(200)
        ]
        await asyncio.sleep(0)
        beating = asyncio.create_task(grants.beat(0.01))
        while not kept.is_set():
            await asyncio.sleep(0.01)
        await grants.withdraw(grant)
        assert authority.withdrawn == [grant]
        assert not any(task.done() for task in tries)
        beating.cancel()
        for task in tries:
            task.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
        stuck.set()

    run(authority, test, timeout_s=20)


def test_a_client_that_tries_tokens(authority):
    """It waits for itself: another client's token is redeemed at once."""

    async def test(grants):
        stuck = threading.Event()
        redeem = authority.redeem

        def slow(token, *rest):
            if token == 'bogus':
                stuck.wait(10)
            return redeem(token, *rest)

        authority.redeem = slow
        tries = [
            asyncio.create_task(grants.redeem('bogus', 'serial', '10.0.0.1'))
            for _ in range(100)
        ]
        await asyncio.sleep(0)
        assert await grants.redeem('token', 'serial', '10.0.0.2')
        assert not any(task.done() for task in tries)
        stuck.set()
        await asyncio.gather(*tries, return_exceptions=True)

    run(authority, test, timeout_s=20)


def test_a_purge_that_does_not_end(authority, caplog):
    """It is waited for as long as from one purge to the next, and is not doubled."""
    stuck = threading.Event()
    begun = []

    def purge():
        begun.append(1)
        stuck.wait(10)
        return 0

    authority.purge = purge

    async def test(grants):
        sweeping = asyncio.create_task(grants.sweep(0.02))
        while caplog.text.count('being purged for more than') < 3:
            await asyncio.sleep(0.01)
        stuck.set()
        sweeping.cancel()

    run(authority, test)
    assert len(begun) == 1
