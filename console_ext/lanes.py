# SPDX-License-Identifier: Apache-2.0
"""Limits how many threads of an executor the calls to a peer use (a bulkhead)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent import futures
from functools import partial
from typing import Any, TypeVar

from console_ext.executor import AfterFork, Busy, perform

_Result = TypeVar('_Result')


class _Lane:
    __slots__ = ('running', 'waiting')

    def __init__(self) -> None:
        self.running = 0
        self.waiting: dict[futures.Future[Any], Callable[[], Any]] = {}


class Lanes:
    """A queue, called a lane, for each peer: a few calls run, and the others wait.

    A waiting call uses no thread.  Cancelling its future removes it.

    :param max_running: the maximum number of running calls in a lane
    :param max_waiting: the maximum number of waiting calls in a lane
    """

    def __init__(self, executor: futures.Executor, max_running: int, max_waiting: int):
        self._executor = executor
        self._max_running = max_running
        self._max_waiting = max_waiting
        self._reset()
        self._fork = AfterFork(self._reset)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[Hashable, _Lane] = {}

    def __len__(self) -> int:
        """The number of lanes that have calls."""
        return len(self._lanes)

    def waiting(self, peer: Hashable) -> int:
        """Return the number of waiting calls in a lane."""
        with self._lock:
            lane = self._lanes.get(peer)
            return 0 if lane is None else len(lane.waiting)

    def submit(
        self, peer: Hashable, call: Callable[[], _Result]
    ) -> futures.Future[_Result]:
        """Start a call as soon as its lane and the executor allow it.

        :raises Busy: too many calls are waiting
        """
        # A forked process makes none of its parent's calls.
        self._fork.check()
        future: futures.Future[_Result] = futures.Future()
        with self._lock:
            lane = self._lanes.setdefault(peer, _Lane())
            if lane.running >= self._max_running:
                if len(lane.waiting) >= self._max_waiting:
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
        """End the waiting calls of a lane with an error."""
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
        :raises Busy, RuntimeError: the executor does not accept the call
        """
        self._executor.submit(perform, call, future, partial(self._leave, peer))

    def _leave(self, peer: Hashable) -> None:
        """Remove a finished call from its lane, and start the next waiting call.

        The next call goes through the executor, so that a long lane does not keep a
        thread that other lanes need.
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
