# SPDX-License-Identifier: Apache-2.0
"""A client's connection to the proxy, from its own source address."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import Self, cast

from bench.proxy.websocket import upgrade

_END = b'\r\n\r\n'

# SO_LINGER with 0 s: closing the socket sends a reset.
_RESET = b'\1\0\0\0\0\0\0\0'


@dataclass(frozen=True, slots=True)
class Door:
    """A listener of the proxy.

    :param tls: the TLS context for its clients; None without TLS
    """

    port: int
    tls: ssl.SSLContext | None = None


def address(network: int, number: int) -> str:
    """Return a client's own loopback address in 127/8.

    :param network: from 1 to 254
    """
    return f'127.{network}.{number // 250}.{1 + number % 250}'


class Connection(asyncio.Protocol):
    """Created by :meth:`dial`; data after the response is discarded.

    :ivar answer: the status of the response; 0 if the connection ends before it
    :ivar closed: set when the connection has ended
    """

    def __init__(self, door: Door) -> None:
        loop = asyncio.get_running_loop()
        self._door = door
        self.answer: asyncio.Future[int] = loop.create_future()
        self.closed = asyncio.Event()
        self._head: bytes | None = b''
        self._room = asyncio.Event()
        self._room.set()

    @classmethod
    async def dial(cls, door: Door, source: str) -> Self:
        """
        :param source: the client's address
        :raises OSError: the connection is refused, or TLS fails
        """
        _, made = await asyncio.get_running_loop().create_connection(
            lambda: cls(door),
            '127.0.0.1',
            door.port,
            ssl=door.tls,
            server_hostname='localhost' if door.tls else None,
            local_addr=(source, 0),
        )
        return made

    def ask(self, token: str) -> None:
        """Send the request that opens a console."""
        self.send(upgrade(self._door.port, f'/?token={token}'))

    def send(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    async def room(self) -> None:
        """Wait until the proxy accepts more data, or the connection has ended."""
        await self._room.wait()

    def close(self) -> None:
        self._transport.close()

    def reset(self) -> None:
        sock = self._transport.get_extra_info('socket')
        if sock is not None and not self._transport.is_closing():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def received(self, data: bytes) -> None:
        """Handle data after the response."""

    def ended(self) -> None:
        """Handle the end of the connection."""

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info('socket')
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            head, end, data = (self._head + data).partition(_END)
            if not end:
                self._head = head
                return
            self._head = None
            self._answered(int(head.split(b' ', 2)[1]))
        if data:
            self.received(data)

    def _answered(self, status: int) -> None:
        if not self.answer.done():
            self.answer.set_result(status)

    def connection_lost(self, error: Exception | None) -> None:
        self._answered(0)
        self._room.set()
        self.closed.set()
        self.ended()

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()
