# SPDX-License-Identifier: Apache-2.0
"""A real virtual machine."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.integration.proxy.parts import needed
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for


class QEMU:
    """A virtual machine without a disk; it is ready when its ports listen.

    :param options: besides those of every machine here
    :param ports: on 127.0.0.1
    """

    def __init__(self, *options: str, ports: Sequence[int]):
        self._ports = ports
        self.process = subprocess.Popen(
            [
                *(needed('qemu-system-x86_64'), '-accel', 'tcg', '-m', '64'),
                *('-display', 'none', '-nodefaults', '-vga', 'std', *options),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(self._listens)

    def _listens(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self.process.communicate()[1])
        # Checked without connecting: a serial port serves one client at a time.
        lines = Path('/proc/net/tcp').read_text().splitlines()[1:]
        listening = {line.split()[1] for line in lines if line.split()[3] == '0A'}
        return {f'0100007F:{port:04X}' for port in self._ports} <= listening

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


# Long after the firmware has found nothing to boot: until then its text stays.
_BOOT_AGAIN_MS = 5000


class Machine(QEMU):
    """A virtual machine that boots iPXE from its network card's ROM.

    Its firmware copies the screen to the serial port, and takes keys from both.  As it
    boots again, who misses the seconds of iPXE's prompt sees it again.

    :param tls: the directory of the certificates for its VNC port, which wants TLS and
        a certificate of its client then
    """

    def __init__(self, path: Path, tls: Path | None = None):
        self.spice_port, self.serial_port = free_port(), free_port()
        self.vnc_port = free_port()
        credentials, vnc_options = [], ''
        if tls is not None:
            options = f'id=vnc,dir={tls},endpoint=server,verify-peer=on'
            credentials = ['-object', f'tls-creds-x509,{options}']
            vnc_options = ',tls-creds=vnc'
        port_of_console = path / 'sercon-port'
        port_of_console.write_bytes(struct.pack('<H', 0x3F8))
        super().__init__(
            *('-netdev', 'user,id=net,restrict=on'),
            *('-device', 'virtio-net-pci,netdev=net'),
            *('-fw_cfg', f'name=etc/sercon-port,file={port_of_console}'),
            *('-boot', f'reboot-timeout={_BOOT_AGAIN_MS}'),
            '-spice',
            f'port={self.spice_port},addr=127.0.0.1,disable-ticketing=on',
            *credentials,
            *('-vnc', f'{vnc_display(self.vnc_port)}{vnc_options}'),
            *('-serial', f'tcp:127.0.0.1:{self.serial_port},server,nowait'),
            ports=(self.spice_port, self.serial_port, self.vnc_port),
        )


def vnc_display(port: int) -> str:
    """QEMU counts displays from port 5900."""
    return f'127.0.0.1:{port - 5900}'
