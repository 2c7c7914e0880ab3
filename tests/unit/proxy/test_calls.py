# SPDX-License-Identifier: Apache-2.0
"""Blocking calls, as the event loop sees them."""

from __future__ import annotations

import asyncio
import threading

import pytest

from console_ext import exceptions
from console_ext.proxy.calls import Calls


def test_results_and_errors():
    """Both come back to the loop."""

    async def run():
        calls = Calls('test', threads=2)
        assert await calls.submit(divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await calls.submit(divmod, 7, 0)
        calls.close()

    asyncio.run(run())


def test_a_bound():
    """So many run, so many wait, and no more; the end makes room."""

    async def run():
        release = threading.Event()
        calls = Calls('test', threads=1, waiting=1)
        first, second = calls.submit(release.wait), calls.submit(release.wait)
        with pytest.raises(exceptions.ProxyBusy):
            calls.submit(release.wait)
        second.cancel()
        with pytest.raises(exceptions.ProxyBusy):
            calls.submit(release.wait)
        release.set()
        assert await first
        await asyncio.sleep(0.05)
        assert await calls.submit(release.wait)
        calls.close()

    asyncio.run(run())


def test_a_call_that_hangs_keeps_nobody():
    """Neither the loop's end nor the process's."""
    hanging = threading.Event()

    async def run():
        calls = Calls('hanging', threads=1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(calls.submit(hanging.wait), 0.05)
        calls.close()

    asyncio.run(run())
    thread = next(one for one in threading.enumerate() if one.name == 'hanging')
    assert thread.daemon
    hanging.set()
    thread.join(5)
    assert not thread.is_alive()
