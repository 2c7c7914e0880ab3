# SPDX-License-Identifier: Apache-2.0
"""A guest behind a WebSocket that behaves as a test sets."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time

from websockets.exceptions import ConnectionClosed

from tests.parts.websocket_server import served

TIMEOUT_S = 30


class Guest:
    """Notes what is typed, and says what the test says; within a ``with``.

    :param floods: whether it prints without end
    :param takes: whether it reads what is typed, from the beginning
    :ivar typed: what has been read so far
    :ivar printed: bytes of the flood that somebody has taken
    :ivar close_code: of the last connection, once it is closed
    """

    def __init__(self, floods: bool = False, takes: bool = True, **options):
        self._floods = floods
        self._takes = takes
        self._options = options
        self._changed = threading.Condition()
        self._wire = None
        self.typed = bytearray()
        self.printed = 0
        self.close_code = None

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        self._server = self._stack.enter_context(served(self._handle, **self._options))
        return self

    def __exit__(self, *_):
        self._takes = True
        self._stack.close()

    @property
    def url(self):
        return self._server.url

    def take(self):
        """Start to read what is typed."""
        self._takes = True

    def say(self, data: bytes):
        self._server.run(self._connected().send(data))

    def end(self, code: int, reason: str):
        self._server.run(self._connected().close(code, reason))

    def vanish(self):
        """Close the TCP connection without a close frame."""
        self._server.loop.call_soon_threadsafe(self._connected().transport.abort)

    def wait_for(self, data: bytes):
        """Wait until something has been typed."""
        self.wait_until(lambda: data in self.typed)

    def wait_until(self, condition):
        with self._changed:
            assert self._changed.wait_for(condition, TIMEOUT_S), self.typed[-500:]

    def wait_until_it_waits(self):
        """Wait until nobody reads what it prints."""
        before = -1
        while before != self.printed:
            before = self.printed
            time.sleep(0.5)

    def _connected(self):
        self.wait_until(lambda: self._wire is not None)
        return self._wire

    async def _handle(self, wire):
        with self._changed:
            self._wire = wire
            self._changed.notify_all()
        flood = asyncio.ensure_future(self._flood(wire))
        with contextlib.suppress(ConnectionClosed):
            while True:
                while not self._takes:
                    await asyncio.sleep(0.05)
                data = await wire.recv()
                with self._changed:
                    self.typed += data
                    self._changed.notify_all()
        flood.cancel()
        with self._changed:
            self.close_code = wire.close_code
            self._changed.notify_all()

    async def _flood(self, wire):
        line = b'y\r\n' * 20_000
        with contextlib.suppress(ConnectionClosed):
            while self._floods:
                await wire.send(line)
                self.printed += len(line)
