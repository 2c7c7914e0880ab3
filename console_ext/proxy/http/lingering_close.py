# SPDX-License-Identifier: Apache-2.0
"""Closes a connection without losing its last response."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# How long, and how much, is still read from the client.
LINGER_S = 2.0
LINGER_BYTES = 2**20


class Lingering(asyncio.Protocol):
    """Reads and ignores what a client sends after its last response.

    Closing while the client sends would reset the connection, and the client would
    lose the response.

    :param lost: called when the connection is lost
    """

    def __init__(
        self, transport: asyncio.Transport, lost: Callable[[Exception | None], None]
    ):
        self._transport = transport
        self._lost = lost
        self._read_bytes = 0
        self._timer = asyncio.get_running_loop().call_later(LINGER_S, transport.abort)

    def begin(self) -> None:
        """Take over the connection and close its sending side."""
        transport = self._transport
        transport.set_protocol(self)
        if transport.can_write_eof():
            transport.write_eof()
            transport.resume_reading()
        else:
            transport.close()

    def data_received(self, data: bytes) -> None:
        self._read_bytes += len(data)
        if self._read_bytes > LINGER_BYTES:
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()
        self._lost(error)
