# SPDX-License-Identifier: Apache-2.0
"""A serial console with a typing user, which measures the echo time of each key."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Protocol

from bench.proxy.websocket import frame
from bench.soak.connection import Connection, Door
from bench.soak.samples import Key

_CLOSE = b'\x88\x82' + bytes(4) + (1000).to_bytes(2, 'big')
_PONG = b'\x8a\x80' + bytes(4)


class Listener(Protocol):
    """Receives the events of a console."""

    def echoed(self, key: Key) -> None: ...

    def lost(self, console: Console, why: str) -> None:
        """Handle the unexpected end or failure of a session."""


class Console(Connection):
    """A session with a guest that echoes."""

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self._listener: Listener | None = None
        self._data = bytearray()
        self._typed: deque[tuple[int, float]] = deque()
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._is_open = False

    def begin(self, listener: Listener) -> None:
        """Start to use the open session."""
        self._listener = listener
        self._is_open = not self.closed.is_set()
        if not self._is_open:
            listener.lost(self, 'cut')

    @property
    def is_open(self) -> bool:
        return self._is_open

    def type(self, key: int) -> None:
        self._typed.append((key, time.monotonic()))
        self._quiet.clear()
        self.send(frame(bytes([key])))

    async def quiet(self) -> None:
        """Wait until all keys are echoed, or the session has ended."""
        await self._quiet.wait()

    def unanswered(self) -> list[Key]:
        """Return the keys without an echo, as if they were echoed now."""
        now = time.monotonic()
        return [Key(began, now - began) for _, began in self._typed]

    def hang_up(self) -> None:
        self._is_open = False
        self.send(_CLOSE)
        self.close()

    def received(self, data: bytes) -> None:
        self._data += data
        for opcode, payload in frames(self._data):
            if opcode in (0, 1, 2):
                self._echo(payload)
            elif opcode == 8:
                code = int.from_bytes(payload[:2], 'big')
                reason = payload[2:].decode('utf-8', 'replace')
                self._lose(f'closed with {code} {reason}'.rstrip())
            elif opcode == 9:
                self.send(_PONG)

    def ended(self) -> None:
        self._lose('cut')

    def _echo(self, payload: bytes) -> None:
        now = time.monotonic()
        for byte in payload:
            if not self._typed or self._typed[0][0] != byte:
                self._lose('a wrong echo')
                return
            _, began = self._typed.popleft()
            if self._listener is not None:
                self._listener.echoed(Key(began, now - began))
        if not self._typed:
            self._quiet.set()

    def _lose(self, why: str) -> None:
        self._quiet.set()
        if self._is_open and self._listener is not None:
            self._is_open = False
            self._listener.lost(self, why)
            self.close()


def frames(data: bytearray) -> list[tuple[int, bytes]]:
    """Remove the complete frames from the beginning of the data.

    :returns: the opcode and the payload of each frame
    """
    taken = []
    start = 0
    while len(data) - start >= 2:
        length, body = data[start + 1], start + 2
        if length > 125:
            body += 2 if length == 126 else 8
            length = int.from_bytes(data[start + 2 : body], 'big')
            if len(data) < body:
                break
        if len(data) < body + length:
            break
        taken.append((data[start] & 15, bytes(data[body : body + length])))
        start = body + length
    del data[:start]
    return taken
