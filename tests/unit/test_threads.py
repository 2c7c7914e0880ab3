# SPDX-License-Identifier: Apache-2.0
"""Threads that wait in the caller's place."""

import os
import threading
import time

import pytest

from console_ext.threads import Busy, Threads


def soon(seconds=5.0):
    return time.monotonic() + seconds


@pytest.fixture
def blocked():
    """A call that ends when the test does, at the latest."""
    release = threading.Event()

    def call():
        release.wait(10)
        return 'late'

    call.release = release
    yield call
    release.set()


def test_result_and_error():
    """What the call gives, or raises, is the caller's."""
    threads = Threads(1, 'test')
    assert threads.run(lambda: 7, soon()) == 7
    with pytest.raises(ZeroDivisionError):
        threads.run(lambda: 1 / 0, soon())
    with pytest.raises(SystemExit):
        threads.run(lambda: exec('raise SystemExit'), soon())
    assert threads.run(lambda: 8, soon()) == 8


def test_threads_are_kept():
    """One after the other, many calls need one thread; it is a daemon."""
    threads = Threads(5, 'test')
    seen = set()
    for _ in range(20):
        seen.add(threads.run(threading.current_thread, soon()))
        # The thread is free again only after its caller has gone on.
        time.sleep(0.005)
    (thread,) = seen
    assert thread is not threading.current_thread()
    assert thread.daemon


def test_as_many_at_once_as_are_allowed():
    """Each waits for all the others, so they have to run together."""
    threads = Threads(4, 'test')
    together = threading.Barrier(4, timeout=5)
    callers = [
        threading.Thread(target=threads.run, args=(together.wait, soon()))
        for _ in range(4)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not together.broken


def test_call_that_is_given_up(blocked):
    """At the deadline; its thread is taken until it ends, and free then."""
    threads = Threads(1, 'test')
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        threads.run(blocked, soon(0.1))
    with pytest.raises(Busy):
        threads.run(lambda: 7, soon(0.1))
    assert 0.2 <= time.monotonic() - started < 2
    blocked.release.set()
    assert threads.run(lambda: 7, soon()) == 7


def test_deadline_that_has_passed():
    """A call is given up at once, and does no harm to the next."""
    threads = Threads(1, 'test')
    with pytest.raises(TimeoutError):
        threads.run(lambda: time.sleep(0.05), soon(-1))
    assert threads.run(lambda: 7, soon()) == 7


def test_child_after_a_fork(blocked):
    """It has none of its parent's threads, and counts its own."""
    threads = Threads(1, 'test')
    with pytest.raises(TimeoutError):
        threads.run(blocked, soon(0.05))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if threads.run(lambda: 7, soon(2)) == 7 else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
