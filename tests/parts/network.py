# SPDX-License-Identifier: Apache-2.0
"""A network between a client and a server, which a test interrupts."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.parts.peers import reset


class Network:
    """Relays connections to a port, until it is cut or frozen.

    :ivar port: where clients connect
    :ivar to_port: where new connections lead; a test may change it
    :ivar refused: how many connections were reset because it was cut
    """

    def __init__(self, to_port: int):
        self.to_port = to_port
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port = self._listener.getsockname()[1]
        self._thawed = threading.Event()
        self._thawed.set()
        self._up = True
        self.refused = 0
        self._lock = threading.Lock()
        self._clients: list[socket.socket] = []
        self._servers: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Reset all connections; new ones are reset too until :meth:`mend`."""
        with self._lock:
            self._up = False
            servers, self._servers = self._servers, []
        for server in servers:
            _reset(server)
        self.cut_clients()

    def cut_clients(self) -> None:
        """Reset the present connections of clients only; new ones are relayed."""
        with self._lock:
            clients, self._clients = self._clients, []
        for client in clients:
            _reset(client)

    def mend(self) -> None:
        self._up = True

    def freeze(self) -> None:
        """Drop whatever is sent on the present connections; they stay open."""
        with self._lock:
            self._thawed.clear()
            self._thawed = threading.Event()
            self._thawed.set()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            # Wakes the thread that accepts.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        with self._lock:
            server = None
            if self._up:
                with contextlib.suppress(OSError):
                    server = socket.create_connection(('127.0.0.1', self.to_port))
            if server is None:
                self.refused += 1
                reset(client)
                return
            self._clients.append(client)
            self._servers.append(server)
            thawed = self._thawed
        for source, sink in ((client, server), (server, client)):
            threading.Thread(
                target=self._relay, args=(source, sink, thawed), daemon=True
            ).start()

    def _relay(
        self, source: socket.socket, sink: socket.socket, thawed: threading.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not thawed.is_set():
                    continue
                sink.sendall(data)
            if thawed.is_set():
                sink.shutdown(socket.SHUT_WR)


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # Wakes the thread that reads from it.
        end.shutdown(socket.SHUT_RDWR)
    reset(end)
