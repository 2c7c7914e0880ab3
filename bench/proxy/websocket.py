# SPDX-License-Identifier: Apache-2.0
"""A minimal WebSocket client with fixed keys and prepared frames; it counts bytes."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import cast

_MASK = bytes(4)

_OPEN_S = 30
_ANSWER_S = 30


def frame(payload: bytes) -> bytes:
    """Return a masked binary frame; the mask is zero, so the payload is unchanged."""
    length = len(payload)
    if length < 126:
        head = bytes((0x82, 0x80 | length))
    elif length < 65536:
        head = bytes((0x82, 0x80 | 126)) + length.to_bytes(2, 'big')
    else:
        head = bytes((0x82, 0x80 | 127)) + length.to_bytes(8, 'big')
    return head + _MASK + payload


def upgrade(port: int, path: str) -> bytes:
    return (
        f'GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n'
        'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
        'Sec-WebSocket-Protocol: binary\r\n\r\n'
    ).encode()


def open_blocking(port: int, path: str) -> socket.socket:
    """Open a session with a blocking socket, to measure without an event loop."""
    opened = socket.create_connection(('127.0.0.1', port), _OPEN_S)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.sendall(upgrade(port, path))
    head = b''
    while not head.endswith(b'\r\n\r\n'):
        received = opened.recv(1)
        if not received:
            raise ConnectionError(head.decode('latin-1'))
        head += received
    return opened


class Client(asyncio.Protocol):
    """A session, created by :meth:`open`, which counts and discards received data."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._head: bytearray | None = bytearray()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self.received = 0
        self._wanted = 0
        self._enough: asyncio.Future[None] | None = None
        self._room = asyncio.Event()
        self._room.set()

    @classmethod
    async def open(
        cls, port: int, path: str, tls: ssl.SSLContext | None = None
    ) -> Client:
        """
        :raises ConnectionError: the request was refused
        :raises TimeoutError: there was no response
        """
        transport, client = await asyncio.wait_for(
            asyncio.get_running_loop().create_connection(
                cls, 'localhost', port, ssl=tls, family=socket.AF_INET
            ),
            _OPEN_S,
        )
        transport.write(upgrade(port, path))
        await asyncio.wait_for(client._opened, _OPEN_S)
        return client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info('socket')
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            self._head += data
            head, end, rest = bytes(self._head).partition(b'\r\n\r\n')
            if not end:
                return
            self._head = None
            data = rest
            if head.split(b' ', 2)[1] == b'101':
                self._opened.set_result(None)
            else:
                self._opened.set_exception(ConnectionError(head.decode('latin-1')))
        self.received += len(data)
        if self._enough is not None and self.received >= self._wanted:
            self._enough.set_result(None)
            self._enough = None

    def connection_lost(self, error: Exception | None) -> None:
        self._room.set()
        for waiting in (self._opened, self._enough):
            if waiting is not None and not waiting.done():
                waiting.set_exception(ConnectionError('closed'))

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def send(self, data: bytes) -> None:
        self._transport.write(data)

    async def send_when_there_is_room(self, data: bytes) -> None:
        self._transport.write(data)
        await self._room.wait()

    async def receive(self, count: int) -> None:
        """Wait for ``count`` more bytes, including the headers of frames.

        :raises TimeoutError: the bytes do not arrive
        """
        self._wanted += count
        if self.received < self._wanted:
            self._enough = self._loop.create_future()
            await asyncio.wait_for(self._enough, _ANSWER_S)

    def stop_reading(self) -> None:
        self._transport.pause_reading()

    def close(self) -> None:
        self._transport.abort()
