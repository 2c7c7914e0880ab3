# SPDX-License-Identifier: Apache-2.0
"""A proxy in a process of its own, whose memory nothing else uses."""

from __future__ import annotations

import contextlib
import socket
import ssl

import psutil

from tests.functional.proxy.conftest import BASE
from tests.functional.proxy.wire import receive_until, upgrade
from tests.parts.programs import free_port


class ProxyProcess:
    """A proxy in a process of its own.

    :param guest: the guest of each session
    :param loop: asyncio or uvloop
    :param modules: the directory of spice-html5; None if there is none
    :param settings: options of ``[console_proxy]``
    """

    def __init__(self, programs, deployment, guest, loop, *, modules=None, **settings):
        self._programs = programs
        self._numbers = iter(range(10000))
        self._port, self._spice_port = free_port(), free_port()
        deployment.configure(**BASE).configure(
            serial_console={'serialproxy_port': self._port},
            spice={
                'html5proxy_port': self._spice_port,
                'html5proxy_web': modules or deployment.path,
            },
            console_proxy={'max_sessions_per_server': 0, **settings},
        )
        self.program = programs.start_module(
            'tests.functional.proxy.program',
            *(str(guest.port), str(deployment.path / 'pids')),
            *('--config-file', str(deployment.config_file)),
            EVENT_LOOP=loop,
        )
        self.program.wait_for('Listening for SPICE consoles')
        self._process = psutil.Process(self.program.process.pid)

    def token(self) -> str:
        return f'token-{next(self._numbers)}'

    def connect(self) -> socket.socket:
        return socket.create_connection(('127.0.0.1', self._port), timeout=30)

    def connect_to_page(self, buffer_bytes: int) -> socket.socket:
        """
        :param buffer_bytes: of the kernel's buffer for what the client receives
        """
        client = socket.socket()
        # Before it connects, because that announces the size.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        client.settimeout(30)
        client.connect(('127.0.0.1', self._spice_port))
        return client

    @contextlib.contextmanager
    def session(self, tls: ssl.SSLContext | None = None):
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(self.connect())
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                client = stack.enter_context(tls.wrap_socket(client))
            client.sendall(upgrade(f'/?token={self.token()}'))
            assert receive_until(client, b'\r\n\r\n').startswith(b'HTTP/1.1 101')
            yield client

    def flood(self, kind: str) -> None:
        self._programs.start_module(
            'tests.integration.proxy.flood', str(self._port), self.token(), kind
        ).wait_for('Flooding')

    def pss(self) -> int:
        return self._process.memory_full_info().pss
