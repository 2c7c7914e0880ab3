# SPDX-License-Identifier: Apache-2.0
"""Guests with a program in a pseudo-terminal behind a serial port."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import socket
from collections.abc import Callable


def running(*command: str) -> Callable[[socket.socket], None]:
    """A guest that runs a command for each connection."""

    def serve(connection: socket.socket) -> None:
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(TERM='xterm-256color', PS1='$ ', HISTFILE='')
            os.execvp(command[0], command)
        try:
            relay(connection, terminal)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(terminal)

    return serve


def relay(connection: socket.socket, terminal: int) -> None:
    """If one side does not read, the other is not read, as with an emulated port."""
    sides: list[socket.socket | int] = [connection, terminal]
    while True:
        ready, _, _ = select.select(sides, [], [])
        if connection in ready:
            data = connection.recv(4096)
            if not data:
                return
            # It may have read what was ready in the terminal.
            _write(terminal, data, connection)
        elif terminal in ready:
            try:
                data = os.read(terminal, 4096)
            except OSError:
                # The program has ended.
                return
            connection.sendall(data)


def _write(terminal: int, data: bytes, connection: socket.socket) -> None:
    while data:
        ready, writable, _ = select.select([terminal], [terminal], [])
        if writable:
            data = data[os.write(terminal, data[:512]) :]
        if ready:
            connection.sendall(os.read(terminal, 4096))
