# SPDX-License-Identifier: Apache-2.0
"""A connection to a guest during a handshake, before there is a session."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import cast

from console_ext.proxy.relay.connector import Target
from console_ext.proxy.relay.guest import Guest
from console_ext.proxy.relay.peer import CLOSE_S
from console_ext.proxy.relay.tls import GuestTLS


class Exchange(asyncio.Protocol):
    """Reads and writes for a handshake; it buffers at most one read.

    :ivar error: why the connection was lost; None if it is open or was closed normally
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._ended = False
        self._waiting: asyncio.Future[None] | None = None
        self.error: Exception | None = None

    @classmethod
    async def on(cls, target: Target) -> Exchange:
        """Return an exchange that takes over the connection of a target."""
        try:
            _, made = await asyncio.get_running_loop().create_connection(
                cls, sock=target.socket
            )
        except BaseException:
            target.socket.close()
            raise
        made._received[:0] = target.early
        return made

    # The event loop's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._pause()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._ended = True
        self.error = error
        self._wake()

    def _pause(self) -> None:
        transport = self._transport
        if transport is not None and transport.is_reading():
            transport.pause_reading()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    # The handshake's side

    async def read(self) -> bytes:
        """
        :returns: the received data; empty at the end of the connection
        """
        while not self._received and not self._ended:
            if self._transport is not None and not self._transport.is_reading():
                self._transport.resume_reading()
            self._waiting = self._loop.create_future()
            await self._waiting
        data = bytes(self._received)
        self._received.clear()
        return data

    def write(self, data: bytes) -> None:
        if data and self._transport is not None:
            self._transport.write(data)

    async def start_tls(self, tls: GuestTLS, names: Iterable[str]) -> None:
        """
        :param names: of the guest's host; its certificate has to have one of them
        :raises OSError, ValueError: the certificate is not accepted, the other side
            does not accept ours, or it does not speak TLS
        """
        if self._received or self._ended or self._transport is None:
            raise ConnectionError('it does not wait for TLS')
        # Data may arrive through TLS before start_tls returns the new transport.
        plain, self._transport = self._transport, None
        try:
            encrypted = await self._loop.start_tls(
                plain, self, tls.context, ssl_shutdown_timeout=CLOSE_S
            )
        except BaseException:
            plain.abort()
            raise
        if encrypted is None:
            raise ConnectionError('it closed the connection')
        self._transport = encrypted
        if self._received:
            self._pause()
        tls.check(encrypted.get_extra_info('peercert') or {}, names)

    def hand_over(self, early: bytes) -> Guest:
        """Hand the connection over to the guest of a session.

        :param early: data for the client that was read already
        :raises ConnectionError: the connection is closed
        """
        transport = self._transport
        if self._ended or transport is None or transport.is_closing():
            raise ConnectionError('it closed the connection')
        guest = Guest(early + self._received)
        transport.set_protocol(guest)
        guest.connection_made(transport)
        return guest

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
