# SPDX-License-Identifier: Apache-2.0
"""Blocking calls, as the event loop sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from console_ext import exceptions
from console_ext.threads import Busy, Threads

_Result = TypeVar('_Result')


class Calls:
    """
    :param threads: calls under way at once
    :param waiting: calls that may wait for a thread
    """

    def __init__(self, name: str, threads: int, waiting: int = 1024):
        self._threads = Threads(threads, name, waiting)

    def submit(
        self, call: Callable[..., _Result], *args: Any
    ) -> asyncio.Future[_Result]:
        """Begin a call, from the event loop that waits for it.

        Cancelling the future leaves the call running.

        :raises ProxyBusy: too many wait already
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Result] = loop.create_future()

        def tell(result: Any, error: BaseException | None) -> None:
            try:
                loop.call_soon_threadsafe(_settle, future, result, error)
            except RuntimeError:
                # The loop is closed by now, and nobody waits.
                return

        try:
            self._threads.begin(call, args, tell)
        except Busy:
            raise exceptions.ProxyBusy from None
        return future

    def close(self) -> None:
        """Let the threads end after what they have been given; waits for none."""
        self._threads.close()


def _settle(
    future: asyncio.Future[Any], result: Any, error: BaseException | None
) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
