# SPDX-License-Identifier: Apache-2.0
"""A bounded buffer for input that waits for the guest."""

import asyncio

import pytest

from console_ext.client.outbox import Outbox

SHORT_S = 0.05


def run(scenario):
    async def within():
        async with asyncio.timeout(10):
            await scenario()

    asyncio.run(within())


async def waits(awaitable):
    """Whether a coroutine does not end by itself."""
    task = asyncio.ensure_future(awaitable)
    done, _ = await asyncio.wait([task], timeout=SHORT_S)
    return task, not done


def test_in_order_and_in_pieces():
    async def scenario():
        outbox = Outbox(100)
        await outbox.put(b'abc')
        await outbox.put(b'def')
        assert await outbox.first(4) == b'abcd'
        # Data stays in the buffer until it is sent.
        assert await outbox.first(4) == b'abcd'
        await outbox.sent(4)
        assert await outbox.first(4) == b'ef'

    run(scenario)


def test_full():
    """Adding to a full buffer waits for room."""

    async def scenario():
        outbox = Outbox(4)
        await outbox.put(b'abcd')
        task, waited = await waits(outbox.put(b'e'))
        assert waited
        await outbox.sent(1)
        await task
        assert await outbox.first(10) == b'bcde'

    run(scenario)


def test_nothing_yet():
    async def scenario():
        outbox = Outbox(4)
        task, waited = await waits(outbox.first(10))
        assert waited
        await outbox.put(b'a')
        assert await task == b'a'

    run(scenario)


@pytest.mark.parametrize('how', ['sent', 'clear'])
def test_empty(how):
    async def scenario():
        outbox = Outbox(4)
        await outbox.empty()
        await outbox.put(b'ab')
        task, waited = await waits(outbox.empty())
        assert waited
        await (outbox.sent(2) if how == 'sent' else outbox.clear())
        await task

    run(scenario)
