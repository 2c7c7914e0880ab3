# SPDX-License-Identifier: Apache-2.0
"""What the two sides of a session have in common.

Nothing is collected.  What is read from one side is written to the other at once, or
by turns where it is many frames; and a side that does not take what it is sent stops
the reading from the other.  So a session holds at most one read and one write buffer
each way, whoever floods and whoever hangs.
"""

from __future__ import annotations

import asyncio

# A side is paused when this much waits to be written to the other.  It has room for one
# read of the event loop (256 KiB), so that bulk data does not stop and go.
WRITE_BUFFER_BYTES = 2**18

# How long a side has to take its last bytes and to close.
CLOSE_S = 5.0


class Peer(asyncio.Protocol):
    """A connection, from :meth:`_take` until it is lost."""

    __slots__ = ('_loop', '_transport')

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None

    def _take(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(WRITE_BUFFER_BYTES)

    @property
    def reading(self) -> bool:
        transport = self._transport
        return transport is not None and transport.is_reading()

    def pause(self) -> None:
        """Stop reading."""
        transport = self._transport
        if (
            transport is not None
            and not transport.is_closing()
            and transport.is_reading()
        ):
            transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        transport = self._transport
        if (
            transport is not None
            and not transport.is_closing()
            and not transport.is_reading()
        ):
            transport.resume_reading()

    def abort(self) -> None:
        """End at once, without a word."""
        if self._transport is not None:
            self._transport.abort()
