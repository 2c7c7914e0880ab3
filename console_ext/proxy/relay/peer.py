# SPDX-License-Identifier: Apache-2.0
"""The common base of the two sides of a session.

Data that is read from one side is written to the other at once, or in turns if it has
many frames.  If one side does not read, the proxy stops reading from the other.  So a
session needs memory for at most one read and one write buffer in each direction,
whether a side floods or hangs.
"""

from __future__ import annotations

import asyncio

# A side is paused when this much waits to be written to the other.  One read of the
# event loop (256 KiB) fits, so that bulk data is not paused all the time.
WRITE_BUFFER_BYTES = 2**18

# How long a side has to read its last bytes and to close.
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
        """Continue reading."""
        transport = self._transport
        if (
            transport is not None
            and not transport.is_closing()
            and not transport.is_reading()
        ):
            transport.resume_reading()

    def abort(self) -> None:
        """Close at once, without a close frame."""
        if self._transport is not None:
            self._transport.abort()
