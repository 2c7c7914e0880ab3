# SPDX-License-Identifier: Apache-2.0
"""The connections of a process without a session."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

# In a round, the event loop reads once from every client that has sent something.  A
# round takes at least this long and at least one iteration of the event loop.
ROUND_S = 0.0025

# How many rounds a connection is kept even if there is no room for others.  The
# request of a well-behaved client has usually arrived by then.
MIN_ROUNDS = 8


class Waiting(Protocol):
    """The methods that this module needs of a connection."""

    def abort(self) -> None:
        """Close at once, and leave the set."""

    def stop(self) -> None:
        """Close after the request that is being answered."""


class Connections:
    """The connections of the running event loop.

    A connection waits for its client from the accept until its request is complete,
    and again while the client reads a page or a refusal.

    :param max_waiting: connections that may wait; beyond that, a new connection
        replaces the oldest
    """

    def __init__(self, max_waiting: int):
        self._max_waiting = max_waiting
        self._loop = asyncio.get_running_loop()
        self._all: set[Waiting] = set()
        # The round since which each one waits, in ascending order.
        self._waiting: dict[Waiting, int] = {}
        self._round = 0
        self._round_began = self._loop.time()
        self._opening: set[asyncio.Task[None]] = set()

    def wait(self, connection: Waiting) -> None:
        """Note that the connection waits for its client, counted from now."""
        self._all.add(connection)
        self._waiting.pop(connection, None)
        self._waiting[connection] = self._round
        while len(self._waiting) > self._max_waiting and self.make_room():
            pass

    def turn(self) -> None:
        """Count rounds; call it once per iteration of the event loop that accepts."""
        now = self._loop.time()
        if now - self._round_began >= ROUND_S:
            self._round += 1
            self._round_began = now

    def has_room(self) -> bool:
        """Whether another connection can be accepted, maybe in place of the oldest."""
        return len(self._waiting) < self._max_waiting or self._overdue() is not None

    def make_room(self) -> bool:
        """Close the oldest connection.

        :returns: False if no connection has waited for ``MIN_ROUNDS``
        """
        overdue = self._overdue()
        if overdue is None:
            return False
        overdue.abort()
        return True

    def _overdue(self) -> Waiting | None:
        oldest = next(iter(self._waiting), None)
        if oldest is None or self._round - self._waiting[oldest] < MIN_ROUNDS:
            return None
        return oldest

    def open(
        self, connection: Waiting, opening: Coroutine[Any, Any, None]
    ) -> asyncio.Task[None]:
        """Start the admission to a console; now the client waits for the proxy."""
        self._waiting.pop(connection, None)
        task = self._loop.create_task(opening)
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return task

    def leave(self, connection: Waiting) -> None:
        """Remove a connection that has a session or is closed."""
        self._all.discard(connection)
        self._waiting.pop(connection, None)

    def stop(self) -> None:
        """Stop all connections that wait."""
        for connection in list(self._waiting):
            connection.stop()

    async def empty(self) -> None:
        """Cancel all admissions and close every connection.

        Everything that an admission holds has been released when this returns.
        """
        opening = list(self._opening)
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        for connection in list(self._all):
            connection.abort()
        # The event loop closes a socket in its next iteration.
        await asyncio.sleep(0)
