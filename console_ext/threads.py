# SPDX-License-Identifier: Apache-2.0
"""Threads that wait in the caller's place."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

_Result = TypeVar('_Result')

# Takes a call's result, or else its error.
Tell = Callable[[Any, BaseException | None], None]

_Call = tuple[Callable[..., Any], tuple[Any, ...], Tell]


class Busy(Exception):
    """Every thread is taken, and was until the deadline."""


class Threads:
    """Runs calls that may block for longer than their callers care to wait.

    A call that is given up goes on in its thread, which takes no other until then; so
    the threads are daemons, unlike concurrent.futures', and none of them keeps a
    process from ending.  They are started as they are needed, and kept: starting one
    costs as much as a call.

    :param most: threads at the most, and so calls that run at once
    :param name: of the threads
    :param waiting: calls that may be begun without a thread for them yet
    """

    def __init__(self, most: int, name: str, waiting: int = 0):
        self._most = most
        self._name = name
        self._bound = most + waiting
        self._lock = threading.Lock()
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._pid = os.getpid()
        self._has_room = threading.Condition(self._lock)
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._started = 0
        self._unfinished = 0

    def run(
        self,
        call: Callable[[], _Result],
        deadline: float,
        late: Callable[[_Result], None] | None = None,
    ) -> _Result:
        """Give what the call gives, or raises.

        :param deadline: on the monotonic clock, in seconds
        :param late: takes, in the call's thread, what a call gives that was given up
        :raises Busy: no thread was free in time
        :raises TimeoutError: the call was given up
        """
        outcome: list[tuple[_Result, BaseException | None]] = []
        done = threading.Event()
        lock = threading.Lock()
        given_up = False

        def tell(result: _Result, error: BaseException | None) -> None:
            with lock:
                outcome.append((result, error))
                done.set()
                if not given_up:
                    return
            if late is not None and error is None:
                late(result)

        self.begin(call, (), tell, max(0.0, deadline - time.monotonic()))
        done.wait(max(0.0, deadline - time.monotonic()))
        with lock:
            given_up = not outcome
        if given_up:
            raise TimeoutError('the call was given up')
        result, error = outcome[0]
        if error is not None:
            raise error
        return result

    def begin(
        self,
        call: Callable[..., Any],
        args: tuple[Any, ...],
        tell: Tell,
        timeout_s: float = 0.0,
    ) -> None:
        """Begin a call, and do not wait for its end.

        :param tell: called at the end, in the call's thread
        :param timeout_s: how long a place may be waited for
        :raises Busy: there was none
        """
        with self._lock:
            if self._pid != os.getpid():
                # A forked child has its parent's counts, but none of its threads.
                self._start_afresh()
            if self._unfinished >= self._bound and not self._has_room.wait_for(
                lambda: self._unfinished < self._bound, timeout_s
            ):
                raise Busy
            self._unfinished += 1
            starting = self._started < self._unfinished and self._started < self._most
            if starting:
                self._started += 1
        if starting:
            try:
                threading.Thread(
                    target=self._work, name=self._name, daemon=True
                ).start()
            except RuntimeError:
                with self._lock:
                    self._started -= 1
                self._leave()
                raise Busy from None
        self._calls.put((call, args, tell))

    def close(self) -> None:
        """Let the threads end after what they have been given; waits for none."""
        for _ in range(self._started):
            self._calls.put(None)

    def _work(self) -> None:
        while (given := self._calls.get()) is not None:
            call, args, tell = given
            # Its place is free before the caller can know, and begin the next call.
            try:
                result = call(*args)
            except BaseException as error:
                self._leave()
                tell(None, error)
            else:
                self._leave()
                tell(result, None)

    def _leave(self) -> None:
        with self._lock:
            if self._unfinished == self._bound:
                self._has_room.notify_all()
            self._unfinished -= 1
