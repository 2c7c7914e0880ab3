# SPDX-License-Identifier: Apache-2.0
"""A guest behind the proxies: ``python -m bench.proxy.guest PORT MODE``."""

import asyncio
import socket
import sys
from typing import cast

import uvloop

from tests.parts.vnc_host import SERVER_INIT, VERSION

# The modes of a guest: echo, send without pause, read everything, read nothing, shake
# hands as a VNC server and send without pause after the first key.
MODES = ('echo', 'flood', 'sink', 'stuck', 'vnc')

_CHUNK = bytes(2**18)


class Guest(asyncio.Protocol):
    def __init__(self, mode: str):
        self._mode = mode
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info('socket')
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._mode == 'stuck':
            self._transport.pause_reading()
        self._flood()

    def data_received(self, data: bytes) -> None:
        if self._mode == 'echo':
            self._transport.write(data)

    def pause_writing(self) -> None:
        self._full = True
        if self._mode == 'echo':
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._full = False
        if self._mode == 'echo':
            self._transport.resume_reading()
        self._flood()

    def _flood(self) -> None:
        while self._mode == 'flood' and not self._full:
            self._transport.write(_CHUNK)
            if self._transport.is_closing():
                break


class VNCGuest(Guest):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._received = bytearray()
        # The length of what a client sends, and the answer.
        self._steps = [
            (len(VERSION), b'\1\1'),
            (1, bytes(4)),
            (1, SERVER_INIT),
            (1, b''),
        ]
        self._transport.write(VERSION)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._steps and len(self._received) >= self._steps[0][0]:
            size, answer = self._steps.pop(0)
            del self._received[:size]
            self._transport.write(answer)
        if not self._steps:
            self._received.clear()
            self._mode = 'flood'
            self._flood()


async def main(port: int, mode: str) -> None:
    kind = VNCGuest if mode == 'vnc' else Guest
    server = await asyncio.get_running_loop().create_server(
        lambda: kind(mode), '127.0.0.1', port, backlog=4096
    )
    print('Listening', flush=True)
    await server.serve_forever()


if __name__ == '__main__':
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
