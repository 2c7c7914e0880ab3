# SPDX-License-Identifier: Apache-2.0
"""The connections of a process that have no session."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

# A round is a time in which the event loop reads from everybody who has sent something:
# at least one turn, however long that takes.
ROUND_S = 0.0025

# How many rounds a connection is left alone, however many others come.  The requests of
# clients that mean well are there by then, or not much later.
PATIENCE = 8


class Waiting(Protocol):
    """What is needed of a connection."""

    def abort(self) -> None:
        """End at once, and be removed from the set."""

    def stop(self) -> None:
        """End as soon as what is being answered is."""


class Connections:
    """The connections of the running event loop.

    A connection waits for its client from when it is accepted until its request is
    whole, and again while the client takes a page or a refusal.

    :param most: connections that may wait; then the oldest makes room for another
    """

    def __init__(self, most: int):
        self._most = most
        self._loop = asyncio.get_running_loop()
        self._here: set[Waiting] = set()
        # Since which round, the longest first.
        self._waiting: dict[Waiting, int] = {}
        self._round = 0
        self._round_began = self._loop.time()
        self._opening: set[asyncio.Task[None]] = set()

    def wait(self, connection: Waiting) -> None:
        """The connection waits for its client, from now on or again."""
        self._here.add(connection)
        self._waiting.pop(connection, None)
        self._waiting[connection] = self._round
        while len(self._waiting) > self._most and self.make_room():
            pass

    def turn(self) -> None:
        """To be called once in each turn of the event loop in which others come in."""
        now = self._loop.time()
        if now - self._round_began >= ROUND_S:
            self._round += 1
            self._round_began = now

    def has_room(self) -> bool:
        """Whether another connection may come in, if need be for the oldest."""
        return len(self._waiting) < self._most or self._late() is not None

    def make_room(self) -> bool:
        """End the oldest connection.

        :returns: False where there is none that has waited for long enough
        """
        late = self._late()
        if late is None:
            return False
        late.abort()
        return True

    def _late(self) -> Waiting | None:
        oldest = next(iter(self._waiting), None)
        if oldest is None or self._round - self._waiting[oldest] < PATIENCE:
            return None
        return oldest

    def open(
        self, connection: Waiting, opening: Coroutine[Any, Any, None]
    ) -> asyncio.Task[None]:
        """Begin the admission to a console: now the client waits."""
        self._waiting.pop(connection, None)
        task = self._loop.create_task(opening)
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return task

    def leave(self, connection: Waiting) -> None:
        """The connection has a session, or is gone."""
        self._here.discard(connection)
        self._waiting.pop(connection, None)

    def stop(self) -> None:
        """Let nobody wait any longer."""
        for connection in list(self._waiting):
            connection.stop()

    async def empty(self) -> None:
        """Give up what is still being opened, and end every connection.

        What an admission holds is given back when this returns.
        """
        opening = list(self._opening)
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        for connection in list(self._here):
            connection.abort()
        # The event loop closes a socket in its next round.
        await asyncio.sleep(0)
