# SPDX-License-Identifier: Apache-2.0
"""A simulated guest with a serial port, a login and a few commands.

Like the serial line of a real guest, it echoes input except passwords, and keeps its
state when a client disconnects.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time

_MAX_LINE = 256
_TIMEOUT_S = 3600

# How often it checks whether it has to stop.
_STOP_CHECK_S = 0.1

_HELP = 'help, date, echo TEXT, hostname, uptime, exit'


class Terminal:
    """The state of the serial line, independent of sockets.

    :param hostname: shown in the prompt
    """

    def __init__(self, hostname: str):
        self._hostname = hostname
        self._started = time.monotonic()
        self._user: str | None = None
        self._is_in = False
        self._line = bytearray()
        self._after_cr = False

    def greet(self) -> bytes:
        """Return the output for a new client."""
        return b'\r\n' + self._banner() + self._prompt()

    def type(self, data: bytes) -> bytes:
        """Return the output for the keys that a client has sent."""
        out = bytearray()
        for key in data:
            after_cr, self._after_cr = self._after_cr, key == 0x0D
            if key == 0x0A and after_cr:
                continue
            out += self._press(key)
        return bytes(out)

    def _press(self, key: int) -> bytes:
        if key in (0x0D, 0x0A):
            line = self._line.decode('utf-8', 'replace')
            self._line.clear()
            return b'\r\n' + self._enter(line) + self._prompt()
        if key in (0x08, 0x7F):
            if not self._line:
                return b''
            del self._line[-1]
            return b'' if self._hides else b'\b \b'
        if key < 0x20 or len(self._line) >= _MAX_LINE:
            return b''
        self._line.append(key)
        return b'' if self._hides else bytes([key])

    @property
    def _hides(self) -> bool:
        return self._user is not None and not self._is_in

    def _banner(self) -> bytes:
        if self._user is not None:
            return b''
        return b'console_ext demo. Log in with any name and password.\r\n'

    def _prompt(self) -> bytes:
        if self._user is None:
            return f'{self._hostname} login: '.encode()
        if not self._is_in:
            return b'Password: '
        return f'{self._user}@{self._hostname}:~$ '.encode()

    def _enter(self, line: str) -> bytes:
        if self._user is None:
            self._user = line.strip()[:32] or None
            return b''
        if not self._is_in:
            self._is_in = True
            return f'Welcome, {self._user}. Try: {_HELP}\r\n'.encode()
        answer = self._run(line.strip())
        return f'{answer}\r\n'.encode() if answer else b''

    def _run(self, line: str) -> str:
        command, _, rest = line.partition(' ')
        match command:
            case '':
                return ''
            case 'help':
                return _HELP
            case 'date':
                return time.strftime('%a %b %d %H:%M:%S UTC %Y', time.gmtime())
            case 'echo':
                return rest
            case 'hostname':
                return self._hostname
            case 'uptime':
                return f'up {time.monotonic() - self._started:.0f} seconds'
            case 'exit':
                self._user, self._is_in = None, False
                return 'logout'
        return f'{command}: command not found'


class SerialGuest:
    """Serves the terminal on a port of 127.0.0.1."""

    def __init__(self, hostname: str):
        terminal = Terminal(hostname)
        lock = threading.Lock()

        self._clients: set[socket.socket] = set()
        clients = self._clients

        class Handler(socketserver.BaseRequestHandler):
            def setup(self) -> None:
                clients.add(self.request)

            def finish(self) -> None:
                clients.discard(self.request)

            def handle(self) -> None:
                self.request.settimeout(_TIMEOUT_S)
                try:
                    with lock:
                        self.request.sendall(terminal.greet())
                    while data := self.request.recv(4096):
                        with lock:
                            answer = terminal.type(data)
                        self.request.sendall(answer)
                except OSError:
                    return

        self._server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            args=(_STOP_CHECK_S,),
            name='serial-guest',
            daemon=True,
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
        for client in list(self._clients):
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
