# SPDX-License-Identifier: Apache-2.0
"""A guest behind the proxies: ``python -m bench.proxy.guest PORT MODE``."""

import asyncio
import socket
import sys
from typing import cast

import uvloop

# The modes of a guest: echo, send without pause, read everything, read nothing.
MODES = ('echo', 'flood', 'sink', 'stuck')

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


async def main(port: int, mode: str) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: Guest(mode), '127.0.0.1', port, backlog=4096
    )
    print('Listening', flush=True)
    await server.serve_forever()


if __name__ == '__main__':
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
