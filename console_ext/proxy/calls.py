# SPDX-License-Identifier: Apache-2.0
"""Blocking calls in a bounded number of threads."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from console_ext import exceptions

_Result = TypeVar('_Result')


class Calls:
    """
    The threads are daemons, unlike concurrent.futures': a call that hangs does not
    keep the process from ending.

    :param threads: calls under way at once
    :param waiting: calls that may wait for a thread
    """

    def __init__(self, name: str, threads: int, waiting: int = 1024):
        self._name = name
        self._threads = threads
        self._started = 0
        self._bound = threads + waiting
        self._unfinished = 0
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    def submit(
        self, call: Callable[..., _Result], *args: Any
    ) -> asyncio.Future[_Result]:
        """Begin a call, from the event loop that waits for it.

        Cancelling the future leaves the call running.

        :raises ProxyBusy: too many wait already
        """
        if self._unfinished >= self._bound:
            raise exceptions.ProxyBusy
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Result] = loop.create_future()
        self._unfinished += 1

        def finish(result: Any, error: BaseException | None) -> None:
            self._unfinished -= 1
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        def run() -> None:
            outcome: tuple[_Result | None, BaseException | None]
            try:
                outcome = call(*args), None
            except BaseException as error:
                outcome = None, error
            # The loop may be closed by now; then nobody waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(finish, *outcome)

        self._work.put(run)
        if self._started < min(self._unfinished, self._threads):
            self._started += 1
            threading.Thread(target=self._run, name=self._name, daemon=True).start()
        return future

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    def close(self) -> None:
        """Let the threads end after what they have been given; waits for none."""
        for _ in range(self._started):
            self._work.put(None)
