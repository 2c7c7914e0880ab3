# SPDX-License-Identifier: Apache-2.0
"""Calls to many peers with one executor, without blocking all its threads."""

import os
import threading
import time
from collections import Counter

import pytest

from console_ext.executor import BoundedExecutor, Busy
from console_ext.lanes import Lanes
from tests.parts.waiting import wait_for


@pytest.fixture
def executor():
    executor = BoundedExecutor(8, 'test', 1000)
    yield executor
    executor.shutdown(wait=False, cancel_futures=True)


class Peer:
    """A peer that answers when the test lets it, and counts its calls."""

    def __init__(self):
        self.release = threading.Event()
        self.begun = threading.Semaphore(0)
        self.made = 0

    def __call__(self):
        self.made += 1
        self.begun.release()
        self.release.wait(60)
        return 'answer'


@pytest.fixture
def silent():
    peer = Peer()
    yield peer
    peer.release.set()


def test_peer_that_does_not_answer_takes_its_lane_only(executor, silent):
    """Hundreds of calls to it wait, and a call to another peer is made at once."""
    lanes = Lanes(executor, max_running=2, max_waiting=300)
    waiting = [lanes.submit('silent', silent) for _ in range(300)]
    for _ in range(2):
        assert silent.begun.acquire(timeout=30)
    for number in range(20):
        assert lanes.submit('well', lambda number=number: number).result(30) == number
    assert silent.made == 2
    silent.release.set()
    assert {future.result(30) for future in waiting} == {'answer'}
    assert silent.made == 300
    assert len(lanes) == 0


def test_order_within_a_lane(executor):
    """Calls are made in their order."""
    lanes = Lanes(executor, max_running=1, max_waiting=100)
    made = []
    futures = [lanes.submit('one', lambda n=n: made.append(n)) for n in range(100)]
    for future in futures:
        future.result(30)
    assert made == list(range(100))


def test_lanes_share_the_threads(silent):
    """With one thread, long and short lanes take turns."""
    executor = BoundedExecutor(1, 'test', 1000)
    lanes = Lanes(executor, max_running=1, max_waiting=1000)
    first = executor.submit(silent)
    made = []
    long = [lanes.submit('long', lambda: made.append('long')) for _ in range(100)]
    short = [lanes.submit('short', lambda: made.append('short')) for _ in range(3)]
    silent.release.set()
    for future in [first, *long, *short]:
        future.result(30)
    assert Counter(made[:6]) == {'long': 3, 'short': 3}


def test_cancelled_call_is_never_made(executor, silent):
    """Its place is free at once."""
    lanes = Lanes(executor, max_running=1, max_waiting=1)
    first = lanes.submit('silent', silent)
    assert silent.begun.acquire(timeout=30)
    for _ in range(100):
        assert lanes.submit('silent', silent).cancel()
    last = lanes.submit('silent', silent)
    silent.release.set()
    assert first.result(30) == last.result(30) == 'answer'
    assert silent.made == 2
    assert len(lanes) == 0


def test_a_lane_is_bounded(executor, silent):
    """Excess calls are refused, in that lane only."""
    lanes = Lanes(executor, max_running=1, max_waiting=2)
    for _ in range(3):
        lanes.submit('silent', silent)
    with pytest.raises(Busy):
        lanes.submit('silent', silent)
    assert lanes.submit('well', lambda: 7).result(30) == 7


def test_waiting_calls_can_be_failed(executor, silent):
    """Running calls and those of other lanes are not affected."""
    lanes = Lanes(executor, max_running=1, max_waiting=10)
    first = lanes.submit('silent', silent)
    assert silent.begun.acquire(timeout=30)
    waiting = [lanes.submit('silent', silent) for _ in range(3)]
    waiting[0].cancel()
    lanes.fail_waiting('silent', KeyError('gone'))
    lanes.fail_waiting('unknown', KeyError('gone'))
    for future in waiting[1:]:
        with pytest.raises(KeyError):
            future.result(30)
    silent.release.set()
    assert first.result(30) == 'answer'
    assert silent.made == 1


def test_errors_and_executors_that_are_full(silent):
    """The caller gets the call's error; a full executor leaves no lane behind."""
    executor = BoundedExecutor(1, 'test')
    lanes = Lanes(executor, max_running=1, max_waiting=1)
    with pytest.raises(ZeroDivisionError):
        lanes.submit('one', lambda: 1 / 0).result(30)
    # The executor has no room before its thread is done with the call.
    wait_for(lambda: not executor._running)
    held = executor.submit(silent)
    with pytest.raises(Busy):
        lanes.submit('one', lambda: 7)
    assert len(lanes) == 0
    silent.release.set()
    held.result(30)
    assert lanes.submit('one', lambda: 7).result(30) == 7


def test_threads_of_a_child_after_a_fork(executor, monkeypatch):
    """Of two first calls at the same time, both are answered."""
    reset, delays_s = Lanes._reset, [0.3, 0.1, 0.0]

    def slow(self):
        time.sleep(delays_s.pop())
        reset(self)

    monkeypatch.setattr(Lanes, '_reset', slow)
    lanes = Lanes(executor, max_running=2, max_waiting=10)
    child = os.getpid() + 1
    monkeypatch.setattr(os, 'getpid', lambda: child)
    answers = []

    def ask():
        call = lanes.submit('peer', lambda: time.sleep(0.4) or 'answer')
        answers.append(call.result(30))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ['answer'] * 2
