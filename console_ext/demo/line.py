# SPDX-License-Identifier: Apache-2.0
"""A serial line that keeps what its guest prints while nobody is connected.

QEMU discards such output, so that the terminal of a machine that has booted would be
empty.  The line also stays connected to its client while QEMU starts again.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading

_KEPT_BYTES = 16 * 1024
_CONNECT_TIMEOUT_S = 1.0
_CONNECT_AGAIN_S = 0.1
_STOP_TIMEOUT_S = 5.0

# ECMA-48: control sequences, other escape sequences, control characters.
_CONTROL = re.compile(rb'\x1b\[[0-?]*[ -/]*[@-~]|\x1b[^[]|[\x00-\x1f\x7f]')


class Line:
    """Serves one client at a time, as QEMU does; others wait.

    :param guest_port: the port of the guest on 127.0.0.1
    :ivar port: the port for clients on 127.0.0.1
    """

    def __init__(self, guest_port: int):
        self._guest_port = guest_port
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port: int = self._listener.getsockname()[1]
        self._stopping = threading.Event()
        # The lock guards what follows.
        self._lock = threading.Lock()
        self._guest: socket.socket | None = None
        self._client: socket.socket | None = None
        self._kept = bytearray()
        self._unread = 0
        self._threads = [
            threading.Thread(target=target, name=f'line-{name}', daemon=True)
            for name, target in (('guest', self._listen), ('client', self._serve))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        with self._lock:
            opened = [self._listener, self._guest, self._client]
        for one in opened:
            if one is not None:
                _end(one)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_STOP_TIMEOUT_S)
        self._listener.close()

    def _listen(self) -> None:
        """Pass on what the guest prints, from one start of the guest to the next."""
        while not self._stopping.is_set():
            try:
                guest = socket.create_connection(
                    ('127.0.0.1', self._guest_port), timeout=_CONNECT_TIMEOUT_S
                )
            except OSError:
                self._stopping.wait(_CONNECT_AGAIN_S)
                continue
            # No wait for the guest has an end: it may be silent for days.
            guest.settimeout(None)
            with guest:
                self._use(guest)

    def _use(self, guest: socket.socket) -> None:
        with self._lock:
            self._guest = guest
        # stop() has seen the guest, or is seen here.
        with contextlib.suppress(OSError):
            while not self._stopping.is_set() and (data := guest.recv(65536)):
                self._print(data)
        with self._lock:
            self._guest = None

    def _print(self, data: bytes) -> None:
        with self._lock:
            self._kept += data
            del self._kept[:-_KEPT_BYTES]
            client = self._client
            if client is None:
                self._unread = min(self._unread + len(data), len(self._kept))
                return
        # A client that does not read stops the guest; the lock is free meanwhile.
        with contextlib.suppress(OSError):
            client.sendall(data)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                # Closed by stop(), or there are no descriptors left.
                self._stopping.wait(_CONNECT_AGAIN_S)
                continue
            with client, contextlib.suppress(OSError):
                try:
                    self._greet(client)
                    while not self._stopping.is_set() and (data := client.recv(65536)):
                        self._type(data)
                finally:
                    with self._lock:
                        self._client = None
                    # Ends a wait for this client in the other thread.
                    _end(client)

    def _greet(self, client: socket.socket) -> None:
        with self._lock:
            client.sendall(self._unread_output() or self._last_line())
            self._unread = 0
            self._client = client

    def _unread_output(self) -> bytes:
        return bytes(self._kept[len(self._kept) - self._unread :])

    def _last_line(self) -> bytes:
        """Return the text after the last newline: the prompt, if the guest waits.

        It has no control sequences: a terminal would answer some of them again.
        """
        return _CONTROL.sub(b'', bytes(self._kept).rpartition(b'\n')[2])

    def _type(self, data: bytes) -> None:
        with self._lock:
            guest = self._guest
        if guest is not None:
            with contextlib.suppress(OSError):
                guest.sendall(data)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
