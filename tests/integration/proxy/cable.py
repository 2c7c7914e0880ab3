# SPDX-License-Identifier: Apache-2.0
"""A network cable between a browser and the proxy."""

from __future__ import annotations

import contextlib
import socket
import threading

from tests.proxy_parts import Guest, reset


class Cable(Guest):
    """Passes connections on to a port, until it is cut.

    :ivar target: the port
    """

    def __init__(self) -> None:
        self.target = 0
        self._is_cut = False
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        super().__init__(self._pass_on)

    def cut(self) -> None:
        """Reset all connections, and refuse new ones."""
        with self._lock:
            self._is_cut = True
            ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                # Wakes the thread that reads from it.
                end.shutdown(socket.SHUT_RD)
                reset(end)

    def mend(self) -> None:
        self._is_cut = False

    def _pass_on(self, client: socket.socket) -> None:
        with self._lock:
            if self._is_cut:
                reset(client)
                return
            server = socket.create_connection(('127.0.0.1', self.target))
            self._ends += client, server
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
