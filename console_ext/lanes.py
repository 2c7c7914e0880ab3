# SPDX-License-Identifier: Apache-2.0
"""Calls to many peers through one executor, so that no peer takes all its threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from concurrent import futures
from functools import partial
from typing import Any, TypeVar

from console_ext.executor import Busy, perform

_Result = TypeVar('_Result')


class _Lane:
    __slots__ = ('running', 'waiting')

    def __init__(self) -> None:
        self.running = 0
        self.waiting: dict[futures.Future[Any], Callable[[], Any]] = {}


class Lanes:
    """Gives each peer a lane: so many of its calls run at once, the others wait.

    A call that waits in its lane holds no thread.  Cancelling its future removes it.

    :param executor: has the threads
    :param most: calls of one lane that run at once
    :param waiting: calls of one lane that may wait
    """

    def __init__(self, executor: futures.Executor, most: int, waiting: int):
        self._executor = executor
        self._most = most
        self._bound = waiting
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._lanes: dict[Hashable, _Lane] = {}

    def __len__(self) -> int:
        """How many lanes have calls."""
        return len(self._lanes)

    def waiting(self, peer: Hashable) -> int:
        """How many calls of a lane have not begun."""
        with self._lock:
            lane = self._lanes.get(peer)
            return 0 if lane is None else len(lane.waiting)

    def submit(
        self, peer: Hashable, call: Callable[[], _Result]
    ) -> futures.Future[_Result]:
        """Begin a call as soon as its lane and the executor have room.

        :raises Busy: too many wait already
        """
        if self._pid != os.getpid():
            # A forked child makes none of its parent's calls.
            self._start_afresh()
        future: futures.Future[_Result] = futures.Future()
        with self._lock:
            lane = self._lanes.setdefault(peer, _Lane())
            if lane.running >= self._most:
                if len(lane.waiting) >= self._bound:
                    raise Busy
                lane.waiting[future] = call
                begins = False
            else:
                lane.running += 1
                begins = True
        if begins:
            try:
                self._begin(peer, call, future)
            except BaseException:
                self._leave(peer)
                raise
        else:
            future.add_done_callback(lambda ended: self._drop(peer, ended))
        return future

    def fail_waiting(self, peer: Hashable, error: Exception) -> None:
        """End the calls of a lane that have not begun, with an error."""
        with self._lock:
            lane = self._lanes.get(peer)
            waiting = list(lane.waiting) if lane is not None else []
            if lane is not None:
                lane.waiting.clear()
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)

    def _drop(self, peer: Hashable, future: futures.Future[Any]) -> None:
        with self._lock:
            lane = self._lanes.get(peer)
            if lane is not None:
                lane.waiting.pop(future, None)

    def _begin(
        self,
        peer: Hashable,
        call: Callable[[], _Result],
        future: futures.Future[_Result],
    ) -> None:
        """
        :raises Busy, RuntimeError: the executor does not take the call
        """
        self._executor.submit(perform, call, future, partial(self._leave, peer))

    def _leave(self, peer: Hashable) -> None:
        """End one call of a lane, and begin the next that waits.

        The next goes through the executor: a long lane must not keep a thread from the
        calls of other lanes.
        """
        while True:
            with self._lock:
                lane = self._lanes[peer]
                if not lane.waiting:
                    lane.running -= 1
                    if not lane.running:
                        del self._lanes[peer]
                    return
                future = next(iter(lane.waiting))
                call = lane.waiting.pop(future)
            try:
                self._begin(peer, call, future)
            except (Busy, RuntimeError) as error:
                if future.set_running_or_notify_cancel():
                    future.set_exception(error)
            else:
                return
