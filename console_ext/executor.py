# SPDX-License-Identifier: Apache-2.0
"""An executor for calls that may block for longer than their callers wait."""

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
    """The executor has as many calls as it may have."""


class BoundedExecutor(futures.Executor):
    """Runs calls in daemon threads, and bounds how many run and how many wait.

    It differs from :class:`concurrent.futures.ThreadPoolExecutor` in three ways.  Its
    queue is bounded.  Its threads are daemons, so a call that hangs never keeps the
    process from ending.  A forked child starts with no calls and no threads.

    Cancelling the future of a call that has not begun removes the call.

    :param most: threads at the most, and so calls that run at once
    :param name: the name of the threads
    :param waiting: calls that may wait for a thread
    """

    def __init__(self, most: int, name: str, waiting: int = 0):
        self._most = most
        self._name = name
        self._bound = most + waiting
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._waiting: dict[futures.Future[Any], _Call] = {}
        self._running = 0
        self._threads: list[threading.Thread] = []
        # A wake-up for each waiting call, and for those cancelled since; None ends a
        # thread.
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
        """Begin a call as soon as a thread is free.

        :raises Busy: too many calls run and wait already, or no thread can be started
        :raises RuntimeError: the executor is shut down
        """
        if self._pid != os.getpid():
            self._start_afresh()
        future: futures.Future[_Result] = futures.Future()
        with self._lock:
            if self._closed:
                raise RuntimeError('the executor is shut down')
            unfinished = self._running + len(self._waiting)
            if unfinished >= self._bound:
                raise Busy
            if len(self._threads) < min(self._most, unfinished + 1):
                self._start_thread()
            self._waiting[future] = lambda: fn(*args, **kwargs)
            if self._spare_wakeups:
                self._spare_wakeups -= 1
            else:
                self._wakeups.put(True)
        future.add_done_callback(self._drop)
        return future

    def run(self, call: Callable[[], _Result], deadline: float) -> _Result:
        """Make a call, and wait for its result until the deadline.

        :param deadline: on the monotonic clock, in seconds
        :raises Busy: the call has not begun; it never will
        :raises TimeoutError: the call has not ended; it goes on
        """
        future = self.submit(call)
        try:
            return future.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            if future.cancel():
                raise Busy from None
            if not future.done():
                raise
        # The call ended as the time did, or raised a TimeoutError of its own.
        return future.result()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls.

        :param wait: whether to return only when the calls have ended
        :param cancel_futures: whether to drop the calls that have not begun
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
            # The machine has no more of them.  Those that there are serve the call.
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
            # An idle thread keeps nothing of its last call.
            del future, call

    def _leave(self) -> None:
        with self._lock:
            self._running -= 1


def perform(
    call: Callable[[], _Result],
    future: futures.Future[_Result],
    leave: Callable[[], None],
) -> None:
    """Make a call, unless its future is cancelled, and give the future its outcome.

    :param leave: gives the place of the call to others; called before the future is
        done, so that there is room for whatever the caller begins next
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
