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

# For a client that says what it has drawn, where the kernel has up to 6 MiB otherwise.
AHEAD_BYTES = 2**16


class Client(Protocol):
    """The other side, as far as the guest knows it."""

    @property
    def paces(self) -> bool:
        """Whether it says what it has drawn, and the guest waits for it."""

    def send(self, data: bytes) -> None:
        """Pass bytes on."""

    def close(self, end: Closing) -> None:
        """There is no guest any more, or it has no more to say."""

    def guest_full(self, full: bool) -> None:
        """Whether the guest takes nothing for now."""

    def go_on_with(self, guest: GuestSide) -> None:
        """Relay between the client and another guest from now on."""


class GuestSide(Protocol):
    """A guest, or what stands for it in a session, as far as the session knows it."""

    @property
    def full(self) -> bool:
        """Whether it takes nothing for now."""

    @property
    def unsent(self) -> int:
        """How many bytes wait for it to take them."""

    def begin(self, client: Client) -> None:
        """The session begins, or goes on with this one."""

    def send(self, data: BytesLike) -> bool:
        """
        :returns: whether more may follow at once
        """

    def pause(self) -> None:
        """Stop reading."""

    def resume(self) -> None:
        """Read on."""

    def leave(self) -> None:
        """The client is gone."""

    def abort(self) -> None:
        """End at once."""


class Guest(Peer):
    """Its bytes wait until there is a client to take them.

    :param early: what it has sent already
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
        if client.paces:
            self._narrow()
        if self._early:
            client.send(self._early)
            self._early = b''
        if self._end is not None:
            client.close(self._end)
        self.resume()

    def _narrow(self) -> None:
        """Have the kernel hold little of what the guest sends ahead.

        What waits there comes before the echo of a key.
        """
        if self._transport is not None:
            connection = self._transport.get_extra_info('socket')
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, AHEAD_BYTES)

    def leave(self) -> None:
        """The client is gone: the guest gets what is left, if it takes it."""
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
            # uvloop begins to read after connection_made, whatever that has asked for.
            self._early += data
            self.pause()

    def eof_received(self) -> bool:
        self._ended(close_codes.TARGET_ENDED)
        # What the client sent before it heard of the end still goes to the guest; TLS
        # has no half that stays open.
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
        if self._client is not None:
            self._client.close(end)
        elif self._end is None:
            self._end = end

    # To the guest

    @property
    def unsent(self) -> int:
        """How many bytes wait for the guest to take them."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, data: BytesLike) -> bool:
        """
        :returns: whether more may follow at once
        """
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
        return not self.full

    def pause_writing(self) -> None:
        self.full = True
        if self._client is not None:
            self._client.guest_full(True)

    def resume_writing(self) -> None:
        self.full = False
        if self._client is not None:
            self._client.guest_full(False)
