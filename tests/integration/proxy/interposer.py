# SPDX-License-Identifier: Apache-2.0
"""What stands between the page and a SPICE server, and decides what comes when.

The messages are those of the SPICE protocol's link stage: a link message, its reply
with a public key, a ticket, and a code.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.parts.peers import Guest, exactly, reset

MAIN, DISPLAY, INPUTS, CURSOR = range(1, 5)

# How long a channel waits for another channel.
WAIT_S = 30

_HEADER = struct.Struct('<4sIII')
_TICKET_BYTES = 4 + 128
_PUBLIC_KEY = slice(4, 4 + 162)
_AUTH_SPICE = struct.pack('<I', 1)


class Channel:
    """A connection of the page to the server, a step at a time.

    Each step raises OSError where one of them has ended.

    :param kind: MAIN, DISPLAY and so on; other kinds there may be, too
    :param attempt: the page's, from 0; each begins with a main channel
    """

    def __init__(self, client: socket.socket):
        self._client = client
        self._link = _read_link(client)
        self.session, self.kind = struct.unpack_from('<IB', self._link, _HEADER.size)
        self.attempt = 0

    def connect(self, server: socket.socket) -> None:
        self._server = server

    def refuse_link(self) -> None:
        """Make the server refuse the link message, and end."""
        magic, _, minor, size = _HEADER.unpack_from(self._link)
        # It does not read further data, and would reset the connection because of it.
        self._server.sendall(_HEADER.pack(magic, 99, minor, size))
        self.relay()

    def ask(self, *, refused: bool = False) -> bytes:
        """The server's code for a ticket.

        The ticket is made here: the page's own are too short now and then.

        :param refused: make one that the server refuses
        """
        self._server.sendall(self._link)
        reply = _read_link(self._server)
        self._client.sendall(reply)
        exactly(self._client, _TICKET_BYTES)
        key = serialization.load_der_public_key(reply[_HEADER.size :][_PUBLIC_KEY])
        assert isinstance(key, rsa.RSAPublicKey)
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        ticket = key.encrypt(b'\0', oaep)
        if refused:
            ticket = bytes(reversed(ticket))
        self._server.sendall(_AUTH_SPICE + ticket)
        return exactly(self._server, 4)

    def tell(self, code: bytes) -> None:
        self._client.sendall(code)

    def relay(self, hold: threading.Event | None = None) -> None:
        """Pass everything on, both ways, until both have ended.

        :param hold: the page's end is not passed on before this is set
        """
        back = threading.Thread(
            target=_copy, args=(self._server, self._client), daemon=True
        )
        back.start()
        _copy(self._client, self._server, hold)
        back.join(WAIT_S)

    def end(self) -> None:
        """End as a server does, and wait until the page has ended too."""
        self._client.shutdown(socket.SHUT_WR)
        self.wait_for_hang_up()

    def reset(self) -> None:
        reset(self._client)

    def wait_for_hang_up(self) -> None:
        """Wait until the page ends, whatever it sends before."""
        self._client.settimeout(WAIT_S)
        while self._client.recv(65536):
            pass


# What to do with a channel; called in a thread of its own.
Order = Callable[[Channel], object]


class Interposer(Guest):
    """Stands before SPICE servers.

    :param ports: the servers' of the first attempts; the last one has all others
    """

    def __init__(self, ports: Sequence[int], order: Order):
        self._ports = ports
        self._order = order
        self._lock = threading.Lock()
        self._sessions: dict[int, int] = {}
        # The attempts of the page, with their channels.
        self.attempts: dict[int, list[Channel]] = defaultdict(list)
        super().__init__(self._serve)

    def _serve(self, client: socket.socket) -> None:
        channel = Channel(client)
        with self._lock:
            newest = len(self.attempts) - 1
            if channel.kind == MAIN:
                channel.attempt = newest + 1
            else:
                # The server gives the session of each attempt a different number.
                channel.attempt = self._sessions.setdefault(channel.session, newest)
            self.attempts[channel.attempt].append(channel)
        port = self._ports[min(channel.attempt, len(self._ports) - 1)]
        with socket.create_connection(('127.0.0.1', port)) as server:
            channel.connect(server)
            self._order(channel)


def spoil(numbers: set[int]) -> Order:
    """Refuse the tickets of some channels.

    :param numbers: the channels', from 0, in the order in which they connect
    """
    count = itertools.count()

    def order(channel: Channel) -> None:
        code = channel.ask(refused=next(count) in numbers)
        channel.tell(code)
        channel.relay()

    return order


def _read_link(source: socket.socket) -> bytes:
    header = exactly(source, _HEADER.size)
    *_, size = _HEADER.unpack(header)
    return header + exactly(source, size)


def _copy(
    source: socket.socket, sink: socket.socket, hold: threading.Event | None = None
) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    if hold is not None:
        hold.wait(WAIT_S)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
