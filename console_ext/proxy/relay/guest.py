# SPDX-License-Identifier: Apache-2.0
"""The guest's side of a session."""

from __future__ import annotations

import asyncio
import socket
from typing import Protocol, cast

from websockets.typing import BytesLike

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.close_codes import Closing
from console_ext.proxy.relay.peer import CLOSE_S, Peer

# The kernel's receive buffer for a client that reports what it has drawn.
AHEAD_BYTES = 2**16


class Client(Protocol):
    """The client's side, as the guest uses it."""

    def send(self, data: bytes) -> None:
        """Pass bytes on."""

    def close(self, end: Closing) -> None:
        """The guest is gone, or has ended its output."""

    def guest_full_changed(self) -> None:
        """The guest has stopped reading, or reads again."""

    def go_on_with(self, guest: GuestSide) -> None:
        """From now on, relay between the client and this guest."""


class GuestSide(Protocol):
    """A guest, or its stand-in during a handshake, as the session uses it."""

    @property
    def full(self) -> bool:
        """Whether the guest does not read at the moment."""

    @property
    def unsent(self) -> int:
        """How many bytes wait for the guest to read them."""

    def begin(self, client: Client) -> None:
        """The session starts, or continues with this guest."""

    def send(self, data: BytesLike) -> None:
        """Pass bytes on; drop them if the guest is gone."""

    def pause(self) -> None:
        """Stop reading."""

    def resume(self) -> None:
        """Continue reading."""

    def limit_ahead(self) -> None:
        """Keep little output ahead of a client that reports what it has drawn."""

    def leave(self) -> None:
        """The client is gone."""

    def abort(self) -> None:
        """Close at once."""


class Guest(Peer):
    """A connection to a guest; its bytes wait until there is a client.

    :param early: what the guest has sent already
    """

    __slots__ = ('_client', '_early', '_end', 'full')

    def __init__(self, early: bytes):
        super().__init__()
        self._client: Client | None = None
        self._early = early
        self._end: Closing | None = None
        self.full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._take(cast(asyncio.Transport, transport))
        self.pause()

    def begin(self, client: Client) -> None:
        self._client = client
        if self._early:
            client.send(self._early)
            self._early = b''
        if self._end is not None:
            client.close(self._end)
        self.resume()

    def limit_ahead(self) -> None:
        """Make the kernel buffer at most ``AHEAD_BYTES``, instead of up to 6 MiB.

        The client draws everything in this buffer before the echo of a key.
        """
        if self._transport is not None:
            connection = self._transport.get_extra_info('socket')
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, AHEAD_BYTES)

    def leave(self) -> None:
        """The client is gone: send the guest what is left, for up to ``CLOSE_S``."""
        self._client = None
        if self._transport is not None:
            if self._transport.get_write_buffer_size():
                self._loop.call_later(CLOSE_S, self.abort)
            self._transport.close()

    # From the guest

    def data_received(self, data: bytes) -> None:
        if self._client is not None:
            self._client.send(data)
        else:
            # uvloop starts to read after connection_made, even if that has paused.
            self._early += data
            self.pause()

    def eof_received(self) -> bool:
        self._ended(close_codes.TARGET_ENDED)
        # What the client sent before it learned of the end still goes to the guest;
        # with TLS, the connection cannot stay half open.
        return self._transport is not None and self._transport.can_write_eof()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self.full:
            self.resume_writing()
        self._ended(
            close_codes.TARGET_ENDED if error is None else close_codes.TARGET_LOST
        )
        self._client = None

    def _ended(self, end: Closing) -> None:
        # Some versions of asyncio report the end again when reading continues.
        if self._end is not None:
            return
        self._end = end
        if self._client is not None:
            self._client.close(end)

    # To the guest

    @property
    def unsent(self) -> int:
        """How many bytes wait for the guest to read them."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, data: BytesLike) -> None:
        """Pass bytes on; drop them if the connection is closed."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def pause_writing(self) -> None:
        self.full = True
        if self._client is not None:
            self._client.guest_full_changed()

    def resume_writing(self) -> None:
        self.full = False
        if self._client is not None:
            self._client.guest_full_changed()
