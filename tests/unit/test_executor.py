# SPDX-License-Identifier: Apache-2.0
"""An executor for calls that may block for longer than their callers wait."""

import asyncio
import os
import queue
import threading
import time

import pytest

from console_ext.executor import BoundedExecutor, Busy


def soon(seconds=30.0):
    return time.monotonic() + seconds


def raising(error):
    def call(*_):
        raise error

    return call


@pytest.fixture
def blocked():
    """A call that ends with the test at the latest."""
    release = threading.Event()

    def call():
        call.begun.set()
        release.wait(60)
        return 'late'

    call.begun = threading.Event()
    call.release = release
    yield call
    release.set()


def test_result_and_error():
    """The caller gets the result or the exception of the call."""
    executor = BoundedExecutor(1, 'test')
    assert executor.submit(divmod, 7, 2).result(30) == (3, 1)
    assert executor.run(lambda: 7, soon()) == 7
    with pytest.raises(ZeroDivisionError):
        executor.run(lambda: 1 / 0, soon())
    with pytest.raises(SystemExit):
        executor.run(lambda: exec('raise SystemExit'), soon())
    assert executor.run(lambda: 8, soon()) == 8


def test_threads_are_kept():
    """Successive calls share one daemon thread."""
    executor = BoundedExecutor(5, 'test')
    seen = {executor.run(threading.current_thread, soon()) for _ in range(20)}
    (thread,) = seen
    assert thread is not threading.current_thread()
    assert thread.daemon
    assert thread.name == 'test'


def test_as_many_at_once_as_are_allowed():
    """Each call waits for all the others, so they must run together."""
    executor = BoundedExecutor(4, 'test')
    together = threading.Barrier(4, timeout=30)
    futures = [executor.submit(together.wait) for _ in range(4)]
    assert sorted(future.result(30) for future in futures) == [0, 1, 2, 3]


def test_calls_are_bounded(blocked):
    """The number of running and of waiting calls is limited; others are refused."""
    executor = BoundedExecutor(1, 'test', max_waiting=1)
    futures = [executor.submit(blocked) for _ in range(2)]
    with pytest.raises(Busy):
        executor.submit(blocked)
    blocked.release.set()
    assert [future.result(30) for future in futures] == ['late'] * 2
    assert executor.submit(blocked).result(30) == 'late'


def test_cancelled_call_never_begins(blocked):
    """Its place is free at once, even if this happens many times."""
    executor = BoundedExecutor(1, 'test', max_waiting=1)
    first = executor.submit(blocked)
    assert blocked.begun.wait(30)
    begun = []
    for number in range(1000):
        assert executor.submit(begun.append, number).cancel()
    last = executor.submit(begun.append, 'last')
    blocked.release.set()
    last.result(30)
    assert begun == ['last']
    assert first.result(30) == 'late'
    assert executor.submit(begun.append, 'next').result(30) is None
    assert executor._wakeups.qsize() == executor._spare_wakeups


def test_waiter_that_leaves_takes_its_call_along(blocked):
    """Cancelling an asyncio task cancels the call that it waits for."""
    executor = BoundedExecutor(1, 'test', max_waiting=1)
    executor.submit(blocked)
    begun = []

    async def leave():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.wrap_future(executor.submit(begun.append, 1))
        await asyncio.sleep(0)

    asyncio.run(leave())
    blocked.release.set()
    executor.submit(begun.append, 2).result(30)
    assert begun == [2]


def test_call_that_is_given_up(blocked):
    """Its thread is busy until the call ends."""
    executor = BoundedExecutor(1, 'test', max_waiting=1)
    with pytest.raises(TimeoutError):
        executor.run(blocked, soon(0.5))
    with pytest.raises(Busy):
        executor.run(lambda: 7, soon(0.1))
    blocked.release.set()
    assert executor.run(lambda: 7, soon()) == 7


def test_timeout_of_the_call_itself():
    """A TimeoutError that the call raises is not mistaken for one of the waiting."""
    executor = BoundedExecutor(1, 'test')
    with pytest.raises(TimeoutError, match='its own'):
        executor.run(raising(TimeoutError('its own')), soon())


def test_thread_that_cannot_be_started(monkeypatch):
    """The operating system allows no more threads now; later it may."""
    executor = BoundedExecutor(1, 'test')
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, 'start', raising(RuntimeError))
        with pytest.raises(Busy):
            executor.run(lambda: 7, soon())
    assert executor.run(lambda: 7, soon()) == 7


def test_threads_that_there_are_serve_on(monkeypatch, blocked):
    """A call is not refused because a second thread cannot start."""
    executor = BoundedExecutor(2, 'test')
    executor.submit(blocked)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, 'start', raising(RuntimeError))
        second = executor.submit(lambda: 7)
    blocked.release.set()
    assert second.result(30) == 7


@pytest.mark.parametrize('cancel', [False, True])
def test_shutdown(blocked, cancel):
    """No more calls are accepted; waiting ones are made or dropped."""
    executor = BoundedExecutor(1, 'ending', max_waiting=1)
    first, second = (executor.submit(blocked) for _ in range(2))
    assert blocked.begun.wait(30)
    executor.shutdown(wait=False, cancel_futures=cancel)
    with pytest.raises(RuntimeError):
        executor.submit(blocked)
    blocked.release.set()
    executor.shutdown(wait=True)
    assert first.done()
    assert second.cancelled() == cancel
    assert not [one for one in threading.enumerate() if one.name == 'ending']


def test_threads_of_a_child_after_a_fork(monkeypatch):
    """Of two first calls at the same time, both are made, and later ones, too."""
    made = BoundedExecutor(2, 'test', 10)
    queue_type, resetting, go_on = (
        queue.SimpleQueue,
        threading.Event(),
        threading.Event(),
    )

    def slow_queue():
        if not resetting.is_set():
            resetting.set()
            go_on.wait(30)
        return queue_type()

    child = os.getpid() + 1
    monkeypatch.setattr(os, 'getpid', lambda: child)
    monkeypatch.setattr(queue, 'SimpleQueue', slow_queue)
    answers = []
    first = threading.Thread(target=lambda: answers.append(made.submit(int).result(30)))
    first.start()
    assert resetting.wait(30)
    second = threading.Thread(
        target=lambda: answers.append(made.submit(int).result(30))
    )
    second.start()
    time.sleep(0.1)
    go_on.set()
    first.join()
    second.join()
    assert answers == [0, 0]
    assert made.submit(int).result(30) == 0
    made.shutdown()


def test_child_after_a_fork(blocked):
    """The child has no threads of its parent, and counts its own calls."""
    executor = BoundedExecutor(1, 'test')
    with pytest.raises(TimeoutError):
        executor.run(blocked, soon(0.5))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if executor.run(lambda: 7, soon()) == 7 else 2
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
