# SPDX-License-Identifier: Apache-2.0
"""An executor for calls that may block longer than their callers wait."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent import futures
from typing import Any, ParamSpec, TypeVar

_Parameters = ParamSpec('_Parameters')
_Result = TypeVar('_Result')

_Call = Callable[[], Any]


class Busy(Exception):
    """The executor is full: too many calls are running and waiting."""


class AfterFork:
    """Resets the state of an object once in each forked process.

    :param reset: the object's method
    """

    def __init__(self, reset: Callable[[], None]):
        self._reset = reset
        self._pid = os.getpid()
        self._locks: dict[int, threading.Lock] = {}

    def check(self) -> None:
        """Reset the state if this process was forked; other threads wait for that."""
        pid = os.getpid()
        if self._pid == pid:
            return
        # A lock for each process, because a fork could inherit a locked one.
        with self._locks.setdefault(pid, threading.Lock()):
            if self._pid != pid:
                self._reset()
                self._pid = pid


class BoundedExecutor(futures.Executor):
    """Runs calls in daemon threads, with a limited number of running and waiting calls.

    It differs from :class:`concurrent.futures.ThreadPoolExecutor` in three ways.  Its
    queue is bounded.  Its threads are daemons, so that a call that hangs does not
    prevent the process from ending.  A forked process starts without calls and threads.

    Cancelling the future of a waiting call removes the call.

    :param max_threads: the maximum number of threads, and so of running calls
    :param name: the name of the threads
    :param max_waiting: the maximum number of calls that wait for a thread
    """

    def __init__(self, max_threads: int, name: str, max_waiting: int = 0):
        self._max_threads = max_threads
        self._name = name
        self._max_calls = max_threads + max_waiting
        self._reset()
        self._fork = AfterFork(self._reset)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[futures.Future[Any], _Call] = {}
        self._running = 0
        self._threads: list[threading.Thread] = []
        # A wake-up for each waiting call and each cancelled one; None ends a thread.
        self._wakeups: queue.SimpleQueue[bool | None] = queue.SimpleQueue()
        self._spare_wakeups = 0
        self._closed = False

    def submit(
        self,
        fn: Callable[_Parameters, _Result],
        /,
        *args: _Parameters.args,
        **kwargs: _Parameters.kwargs,
    ) -> futures.Future[_Result]:
        """Start a call as soon as a thread is free.

        :raises Busy: the executor is full, or no thread can be started
        :raises RuntimeError: the executor is shut down
        """
        self._fork.check()
        future: futures.Future[_Result] = futures.Future()
        with self._lock:
            if self._closed:
                raise RuntimeError('the executor is shut down')
            unfinished = self._running + len(self._waiting)
            if unfinished >= self._max_calls:
                raise Busy
            if len(self._threads) < min(self._max_threads, unfinished + 1):
                self._start_thread()
            self._waiting[future] = lambda: fn(*args, **kwargs)
            if self._spare_wakeups:
                self._spare_wakeups -= 1
            else:
                self._wakeups.put(True)
        future.add_done_callback(self._drop)
        return future

    def run(self, call: Callable[[], _Result], deadline: float) -> _Result:
        """Make a call and wait for its result until the deadline.

        :param deadline: on the monotonic clock, in seconds
        :raises Busy: the call was not made
        :raises TimeoutError: the call has not ended, and continues
        """
        future = self.submit(call)
        try:
            return future.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            if future.cancel():
                raise Busy from None
            if not future.done():
                raise
        # The call ended at the deadline, or raised a TimeoutError itself.
        return future.result()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Accept no more calls.

        :param wait: whether to wait until all calls have ended
        :param cancel_futures: whether to cancel the waiting calls
        """
        with self._lock:
            self._closed = True
            threads = list(self._threads)
            dropped = list(self._waiting) if cancel_futures else []
        for future in dropped:
            future.cancel()
        for _ in threads:
            self._wakeups.put(None)
        if wait:
            for thread in threads:
                thread.join()

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The system allows no more threads; the existing ones make the call.
            if not self._threads:
                raise Busy from None
        else:
            self._threads.append(thread)

    def _drop(self, future: futures.Future[Any]) -> None:
        with self._lock:
            if self._waiting.pop(future, None) is not None:
                self._spare_wakeups += 1

    def _work(self) -> None:
        while self._wakeups.get() is not None:
            with self._lock:
                if not self._waiting:
                    self._spare_wakeups -= 1
                    continue
                future = next(iter(self._waiting))
                call = self._waiting.pop(future)
                self._running += 1
            perform(call, future, self._leave)
            # An idle thread must not keep references to its last call.
            del future, call

    def _leave(self) -> None:
        with self._lock:
            self._running -= 1


def perform(
    call: Callable[[], _Result],
    future: futures.Future[_Result],
    leave: Callable[[], None],
) -> None:
    """Make a call, unless its future is cancelled, and set the future's result.

    :param leave: called when the call has ended, before the future is done, so that
        the caller can start its next call immediately
    """
    if not future.set_running_or_notify_cancel():
        leave()
        return
    try:
        result = call()
    except BaseException as error:
        leave()
        future.set_exception(error)
    else:
        leave()
        future.set_result(result)
