# SPDX-License-Identifier: Apache-2.0
"""The end of a connection that has no session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# How long, and for how much, the client is listened to.
LINGER_S = 2.0
LINGER_BYTES = 2**20


class Lingering(asyncio.Protocol):
    """Listens to a client that has its last answer, and answers no more.

    Closing while it sends would reset the connection, and with it lose the answer.

    :param lost: called when the connection is
    """

    def __init__(
        self, transport: asyncio.Transport, lost: Callable[[Exception | None], None]
    ):
        self._transport = transport
        self._lost = lost
        self._heard = 0
        self._timer = asyncio.get_running_loop().call_later(LINGER_S, transport.abort)

    def begin(self) -> None:
        """Take over, and end our half."""
        transport = self._transport
        transport.set_protocol(self)
        if transport.can_write_eof():
            transport.write_eof()
            transport.resume_reading()
        else:
            transport.close()

    def data_received(self, data: bytes) -> None:
        self._heard += len(data)
        if self._heard > LINGER_BYTES:
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._timer.cancel()
        self._lost(error)
