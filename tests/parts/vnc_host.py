# SPDX-License-Identifier: Apache-2.0
"""A VNC server like that of a compute host."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading

from tests.parts.peers import Guest, exactly

VERSION = b'RFB 003.008\n'
NAME = b'QEMU (guest)'
SERVER_INIT = struct.pack('!HH16xI', 720, 400, len(NAME)) + NAME


class VNCHost(Guest):
    """Shakes hands as QEMU does, and echoes what follows.

    :param types: the security types it offers
    :param tls: for VeNCrypt
    :param subtypes: of VeNCrypt
    :param size: how many bytes it sends at once; 0 is any number
    :param silent_after: how many bytes it sends before it says nothing more, and does
        not end either; None for all
    :param behind: what it sends with its ServerInit
    :ivar shared: the ClientInit of each client
    :ivar certificates: what each client has shown
    """

    def __init__(
        self,
        types: bytes = b'\1',
        *,
        tls: ssl.SSLContext | None = None,
        subtypes: tuple[int, ...] = (260,),
        size: int = 0,
        silent_after: int | None = None,
        behind: bytes = b'',
        host: str = '127.0.0.1',
    ):
        self._types = types
        self._tls = tls
        self._subtypes = struct.pack(f'!{len(subtypes)}I', *subtypes)
        self._size = size
        self._left = silent_after
        self._behind = behind
        self.ended = threading.Event()
        self.shared: list[bytes] = []
        self.chosen: list[int] = []
        self.certificates: list[dict | None] = []
        super().__init__(self.talk, host)

    def close(self) -> None:
        self.ended.set()
        super().close()

    def talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self._send(connection, VERSION)
            if exactly(connection, 12) != VERSION:
                return
            self._send(connection, bytes((len(self._types),)) + self._types)
            self.chosen.append(exactly(connection, 1)[0])
            if self.chosen[-1] == 19:
                connection = self._encrypted(connection)
            self._send(connection, bytes(4))
            self.shared.append(exactly(connection, 1))
            self._send(connection, SERVER_INIT + self._behind)
            self.echo(connection)

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        self._send(connection, b'\0\2')
        if exactly(connection, 2) != b'\0\2':
            raise ConnectionError
        count = len(self._subtypes) // 4
        self._send(connection, b'\0' + bytes((count,)) + self._subtypes)
        if exactly(connection, 4) != b'\0\0\1\4':
            raise ConnectionError
        self._send(connection, b'\1')
        assert self._tls is not None
        encrypted = self._tls.wrap_socket(connection, server_side=True)
        self.certificates.append(encrypted.getpeercert())
        return encrypted

    def _send(self, connection: socket.socket, data: bytes) -> None:
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        for start in range(0, len(data), self._size or len(data) or 1):
            connection.sendall(data[start : start + (self._size or len(data))])
        if self._left == 0:
            self.ended.wait(30)
            raise ConnectionError
