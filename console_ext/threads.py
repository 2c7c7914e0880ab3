# SPDX-License-Identifier: Apache-2.0
"""Threads that wait in the caller's place."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any


class Busy(Exception):
    """Every thread is taken, and was until the deadline."""


class Threads:
    """Runs calls that may block for longer than their callers care to wait.

    A call that is given up goes on in its thread, which takes no other until then; so
    the threads are daemons, and none of them keeps a process from ending.  They are
    started as they are needed, and kept: starting one costs as much as a call.

    :param most: threads at the most, and so calls under way
    :param name: of the threads
    """

    def __init__(self, most: int, name: str):
        self._most = most
        self._name = name
        self._lock = threading.Lock()
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._pid = os.getpid()
        self._free = threading.BoundedSemaphore(self._most)
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._idle = 0

    def run(self, call: Callable[[], Any], deadline: float) -> Any:
        """Give what the call gives, or raises.

        :param deadline: on the monotonic clock, in seconds
        :raises Busy: no thread was free in time
        :raises TimeoutError: the call was given up
        """
        free = self._enter(deadline)
        outcome: list[tuple[Any, BaseException | None]] = []
        done = threading.Event()

        def work() -> None:
            try:
                outcome.append((call(), None))
            except BaseException as error:
                outcome.append((None, error))
            done.set()
            with self._lock:
                self._idle += 1
            free.release()

        self._calls.put(work)
        if not done.wait(max(0.0, deadline - time.monotonic())):
            raise TimeoutError('the call was given up')
        result, error = outcome[0]
        if error is not None:
            raise error
        return result

    def _enter(self, deadline: float) -> threading.BoundedSemaphore:
        """Take a place, and see that a thread is there for it."""
        with self._lock:
            if self._pid != os.getpid():
                # A forked child has its parent's counts, but none of its threads.
                self._start_afresh()
            free = self._free
        if not free.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise Busy
        with self._lock:
            if self._idle:
                self._idle -= 1
                return free
        try:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()
        except RuntimeError:
            free.release()
            raise Busy from None
        return free

    def _work(self) -> None:
        calls = self._calls
        while True:
            calls.get()()
