# SPDX-License-Identifier: Apache-2.0
"""A buffer for input that is sent to the guest."""

from __future__ import annotations

import asyncio


class Outbox:
    """A bounded buffer for data that the guest has not accepted yet.

    :param most: the size of the buffer; a whole chunk may exceed it
    """

    def __init__(self, most: int):
        self._most = most
        self._data = bytearray()
        self._changed = asyncio.Condition()

    async def put(self, data: bytes) -> None:
        """Add data as soon as there is space."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._data) < self._most)
            self._data += data
            self._changed.notify_all()

    async def clear(self) -> None:
        """Discard all data."""
        async with self._changed:
            self._data.clear()
            self._changed.notify_all()

    async def first(self, most: int) -> bytes:
        """Wait for data and return the first bytes; they stay until :meth:`sent`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._data)
            return bytes(self._data[:most])

    async def sent(self, count: int) -> None:
        """Remove bytes that have been sent."""
        async with self._changed:
            del self._data[:count]
            self._changed.notify_all()

    async def empty(self) -> None:
        """Wait until all data has been sent."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._data)
