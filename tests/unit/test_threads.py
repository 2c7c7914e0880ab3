# SPDX-License-Identifier: Apache-2.0
"""Threads that wait in the caller's place."""

import os
import queue
import threading
import time

import pytest

from console_ext.threads import Busy, Threads


def soon(seconds=5.0):
    return time.monotonic() + seconds


def raising(error):
    def call(*_):
        raise error

    return call


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


def test_call_that_nobody_waits_for():
    """What it gives, or raises, is told in its thread."""
    threads = Threads(1, 'test', waiting=1)
    told = queue.SimpleQueue()

    def tell(result, error):
        told.put((result, type(error), threading.current_thread().name))

    threads.begin(divmod, (7, 2), tell)
    threads.begin(divmod, (7, 0), tell)
    assert told.get(timeout=5) == ((3, 1), type(None), 'test')
    assert told.get(timeout=5) == (None, ZeroDivisionError, 'test')


def test_calls_without_a_thread_are_bounded(blocked):
    """So many run, so many wait, and the next is told at once, or waits its time."""
    threads = Threads(1, 'test', waiting=1)
    told = queue.SimpleQueue()
    for _ in range(2):
        threads.begin(blocked, (), lambda *outcome: told.put(outcome))
    with pytest.raises(Busy):
        threads.begin(blocked, (), told.put)
    with pytest.raises(Busy):
        threads.run(blocked, soon(0.05))
    blocked.release.set()
    assert threads.run(blocked, soon()) == 'late'
    assert told.qsize() == 2


def test_callers_that_wait_for_a_thread(blocked):
    """Each is let in when another's call has ended."""
    threads = Threads(2, 'test')
    results = queue.SimpleQueue()
    callers = [
        threading.Thread(target=lambda: results.put(threads.run(blocked, soon())))
        for _ in range(8)
    ]
    for caller in callers:
        caller.start()
    blocked.release.set()
    for caller in callers:
        caller.join()
    assert [results.get_nowait() for _ in callers] == ['late'] * 8


def test_what_a_call_gives_too_late(blocked):
    """It is handed over; what comes in time, and what raises, is not."""
    threads = Threads(1, 'test')
    late = queue.SimpleQueue()
    assert threads.run(lambda: 6, soon(), late.put) == 6
    with pytest.raises(TimeoutError):
        threads.run(blocked, soon(0.05), late.put)
    blocked.release.set()
    assert late.get(timeout=5) == 'late'
    with pytest.raises(ZeroDivisionError):
        threads.run(raising(ZeroDivisionError), soon(), late.put)
    assert late.empty()


def test_thread_that_cannot_be_started(monkeypatch):
    """The machine has no more of them now; later it may."""
    threads = Threads(1, 'test')
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, 'start', raising(RuntimeError))
        with pytest.raises(Busy):
            threads.run(lambda: 7, soon())
    assert threads.run(lambda: 7, soon()) == 7


def test_close(blocked):
    """What was given is done yet, and then the thread ends."""
    threads = Threads(1, 'ending', waiting=1)
    told = queue.SimpleQueue()
    for _ in range(2):
        threads.begin(blocked, (), lambda *outcome: told.put(outcome))
    threads.close()
    (thread,) = [one for one in threading.enumerate() if one.name == 'ending']
    blocked.release.set()
    thread.join(5)
    assert not thread.is_alive()
    assert told.qsize() == 2


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
