# SPDX-License-Identifier: Apache-2.0
"""Input on its way to the guest."""

from __future__ import annotations

import asyncio


class Outbox:
    """Bytes that wait until the guest takes them, in a bounded buffer.

    :param most: bytes that may wait; a chunk is taken whole, so it may be exceeded by
        less than one chunk
    """

    def __init__(self, most: int):
        self._most = most
        self._data = bytearray()
        self._changed = asyncio.Condition()

    async def put(self, data: bytes) -> None:
        """Add bytes, as soon as there is room."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._data) < self._most)
            self._data += data
            self._changed.notify_all()

    async def clear(self) -> None:
        """Forget what waits."""
        async with self._changed:
            self._data.clear()
            self._changed.notify_all()

    async def first(self, most: int) -> bytes:
        """The first bytes, as soon as there are any; they stay until :meth:`sent`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._data)
            return bytes(self._data[:most])

    async def sent(self, count: int) -> None:
        """The first bytes have been sent."""
        async with self._changed:
            del self._data[:count]
            self._changed.notify_all()

    async def empty(self) -> None:
        """Wait until everything has been sent."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._data)
