# SPDX-License-Identifier: Apache-2.0
"""A real virtual machine with a VNC screen."""

from __future__ import annotations

from tests.integration.proxy.machine import QEMU, vnc_display
from tests.parts.authority import Authority
from tests.parts.programs import free_port


class VNCMachine(QEMU):
    """A virtual machine without a disk: its firmware writes on the screen.

    :param authority: of the certificates, where it wants VeNCrypt; it has a server's
    :param wants_client: whether it takes only clients with a certificate
    """

    def __init__(self, authority: Authority | None = None, *, wants_client=False):
        self.port = free_port()
        display, options = vnc_display(self.port), []
        if authority is not None:
            display += ',tls-creds=t0'
            options = [
                '-object',
                f'tls-creds-x509,id=t0,dir={authority.path},endpoint=server,'
                f'verify-peer={"yes" if wants_client else "no"}',
            ]
        super().__init__(*options, '-name', 'guest', '-vnc', display, ports=[self.port])
