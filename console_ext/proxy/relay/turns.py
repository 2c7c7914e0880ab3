# SPDX-License-Identifier: Apache-2.0
"""Whose turn it is, among the clients that have sent more than one turn may read."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Protocol


class Waiting(Protocol):
    """A client, as far as the turns know it."""

    def turn(self) -> None:
        """Read for a limited time, and wait again where there is more."""


class Turns:
    """One client has its turn in each turn of the event loop, in the order they came.

    So however many of them flood, everybody else waits for one of them at a time.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: OrderedDict[Waiting, None] = OrderedDict()
        self._scheduled = False

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, client: Waiting) -> None:
        """Wait behind the others; who waits already keeps its place."""
        self._waiting.setdefault(client)
        self._schedule()

    def leave(self, client: Waiting) -> None:
        self._waiting.pop(client, None)

    def _schedule(self) -> None:
        if self._waiting and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._next)

    def _next(self) -> None:
        self._scheduled = False
        if not self._waiting:
            return
        client, _ = self._waiting.popitem(last=False)
        self._schedule()
        client.turn()
