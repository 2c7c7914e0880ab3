# SPDX-License-Identifier: Apache-2.0
"""The connections of a process that have no session."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

# The oldest that waits for a request, or for a client to take a page, makes room: those
# of clients that mean well are there for milliseconds.
MAX_WAITING = 1024


class Waiting(Protocol):
    """A connection, as far as the lobby knows it."""

    def abort(self) -> None:
        """End at once, and leave the lobby."""

    def stop(self) -> None:
        """End as soon as what is being answered is."""


class Lobby:
    def __init__(self) -> None:
        self._here: set[Waiting] = set()
        self._waiting: dict[Waiting, None] = {}
        self._opening: set[asyncio.Task[None]] = set()

    def wait(self, connection: Waiting) -> None:
        """The connection waits for its client, from now on or again."""
        self._here.add(connection)
        self._waiting[connection] = None
        if len(self._waiting) > MAX_WAITING:
            next(iter(self._waiting)).abort()

    def open(
        self, connection: Waiting, opening: Coroutine[Any, Any, None]
    ) -> asyncio.Task[None]:
        """Begin the admission to a console: now the client waits."""
        self._waiting.pop(connection, None)
        task = asyncio.get_running_loop().create_task(opening)
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
