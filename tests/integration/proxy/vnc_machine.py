# SPDX-License-Identifier: Apache-2.0
"""A real virtual machine with a VNC screen."""

from __future__ import annotations

import socket
import subprocess

from tests.authority import Authority
from tests.functional.programs import free_port
from tests.integration.proxy.parts import needed
from tests.proxy_parts import wait_for

# The port from which QEMU counts displays.
_FIRST_PORT = 5900


class VNCMachine:
    """A virtual machine without a disk: its firmware writes on the screen.

    :param authority: of the certificates, where it wants VeNCrypt; it has a server's
    :param wants_client: whether it takes only clients with a certificate
    """

    def __init__(self, authority: Authority | None = None, *, wants_client=False):
        self.port = free_port()
        display, options = f'127.0.0.1:{self.port - _FIRST_PORT}', []
        if authority is not None:
            display += ',tls-creds=t0'
            options = [
                '-object',
                f'tls-creds-x509,id=t0,dir={authority.path},endpoint=server,'
                f'verify-peer={"yes" if wants_client else "no"}',
            ]
        self.process = subprocess.Popen(
            [
                *(needed('qemu-system-x86_64'), '-accel', 'tcg', '-m', '64'),
                *('-display', 'none', '-nodefaults', '-vga', 'std', *options),
                *('-name', 'guest', '-vnc', display),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(self._listens, 20)

    def _listens(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self.process.communicate()[1])
        with socket.socket() as tried:
            return tried.connect_ex(('127.0.0.1', self.port)) == 0

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
