# SPDX-License-Identifier: Apache-2.0
"""A load generator ends even if the process that started it does not end it."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from bench.soak.generator import Plan, Until


def turns_of(seconds, every_s, most, work=lambda number: None):
    async def count():
        until = Until(time.monotonic() + seconds)
        numbers = []
        async for number in until.turns(every_s, most):
            numbers.append(number)
            work(number)
        return numbers

    return asyncio.run(count())


def test_count():
    assert turns_of(60, 0, 5) == [0, 1, 2, 3, 4]


@pytest.mark.wall_clock
def test_time():
    """A pause does not exceed the time limit."""
    started = time.monotonic()
    assert turns_of(0.2, 60, 1000) == [0]
    assert time.monotonic() - started < 30


def test_signal():
    """SIGTERM ends a pause, and no further turn starts."""
    assert turns_of(60, 60, 9, lambda _: os.kill(os.getpid(), signal.SIGTERM)) == [0]


def test_plan(tmp_path):
    """A plan can be written and read; an entry with a certificate uses TLS."""
    plan = Plan([(1, None)], 10, ['token'], 1.5, 'result', sessions=7)
    plan.write(tmp_path / 'plan')
    (door,) = Plan.read(str(tmp_path / 'plan')).open_doors()
    assert (door.port, door.tls) == (1, None)
    assert Plan.read(str(tmp_path / 'plan')).sessions == 7
