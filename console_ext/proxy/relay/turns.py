# SPDX-License-Identifier: Apache-2.0
"""The queue of clients that have sent more than one turn may parse."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Protocol


class Waiting(Protocol):
    """A client, as the queue uses it."""

    def turn(self) -> None:
        """Parse a limited amount, and queue again if there is more."""


class Turns:
    """In each iteration of the event loop, the first client in the queue has its turn.

    So even if many clients flood the proxy, the others wait for only one of them in
    each iteration.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: OrderedDict[Waiting, None] = OrderedDict()
        self._scheduled = False

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, client: Waiting) -> None:
        """Queue a client; a client that is in the queue keeps its place."""
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
