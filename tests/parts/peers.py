# SPDX-License-Identifier: Apache-2.0
"""The proxy's peers in tests: compute hosts and guests."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator

from console_ext.executor import BoundedExecutor


class Computes:
    """The compute hosts, in threads.

    :param answer: what they say of any port; an exception is raised, a function called
    :param answer_after_s: how long they take
    """

    def __init__(self):
        self.answer: object = True
        self.answer_after_s = 0.0
        self.asked: list[tuple] = []
        self._executor = BoundedExecutor(32, 'test-computes', 1000)

    def validate_console_port(
        self, context, host, server, console_type, port, bus_url=None
    ):
        self.asked.append((context.is_admin, host, server.id, console_type, port))
        return self._executor.submit(self._answer)

    def _answer(self):
        time.sleep(self.answer_after_s)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer() if callable(self.answer) else self.answer


class Guest:
    """A guest's serial port: a TCP server, and what each connection does.

    :param serve: called with the connection, in a thread; by default it echoes
    :param one_at_a_time: whether a connection waits until the previous one has ended,
        as at QEMU's serial port
    """

    def __init__(
        self,
        serve: Callable[[socket.socket], object] | None = None,
        host: str = '127.0.0.1',
        *,
        port: int = 0,
        one_at_a_time: bool = False,
    ):
        guest = self
        self.received = bytearray()
        self.accepted = 0
        self._closing = False
        self._serving: socket.socket | None = None

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                if guest._closing:
                    return
                guest.accepted += 1
                guest._serving = self.request if one_at_a_time else None
                with contextlib.suppress(OSError):
                    (serve or guest.echo)(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128
            address_family = socket.AF_INET6 if ':' in host else socket.AF_INET

            def process_request(self, request, client_address):
                if one_at_a_time:
                    socketserver.TCPServer.process_request(
                        self, request, client_address
                    )
                else:
                    super().process_request(request, client_address)

        self._server = Server((host, port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def echo(self, connection: socket.socket) -> None:
        while data := connection.recv(65536):
            self.received += data
            connection.sendall(data)

    def close(self) -> None:
        self._closing = True
        if self._serving is not None:
            with contextlib.suppress(OSError):
                self._serving.shutdown(socket.SHUT_RDWR)
        self._server.shutdown()
        self._server.server_close()


def exactly(connection: socket.socket, size: int) -> bytes:
    """
    :raises ConnectionError: the connection ends before
    """
    data = b''
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def reset(connection: socket.socket) -> None:
    """Close a connection like a process that is killed with unread data."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    connection.close()


@contextlib.contextmanager
def full_backlog(host: str = '127.0.0.1') -> Iterator[int]:
    """Return a port that does not accept connections, because its backlog is full."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with contextlib.ExitStack() as close:
        full = close.enter_context(socket.socket(family))
        full.bind((host, 0))
        full.listen(0)
        port: int = full.getsockname()[1]
        for _ in range(4):
            filler = close.enter_context(socket.socket(family))
            filler.setblocking(False)
            filler.connect_ex((host, port))
        yield port
