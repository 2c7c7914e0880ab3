# SPDX-License-Identifier: Apache-2.0
"""The demo's servers and the guests behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from console_ext import exceptions
from console_ext.consoles import NOVNC, SERIAL, SPICE_HTML5
from console_ext.demo import files
from console_ext.demo.guest import SerialGuest
from console_ext.demo.links import Console
from console_ext.demo.machine import VirtualMachine

NO_QEMU = (
    'There is no virtual machine, because QEMU is not installed. To add one, install '
    'qemu-system-x86 (qemu-system-x86_64) and start the demo again.'
)


class Guests:
    """web-1, db-1 which is powered off, and vm-1 where QEMU is.

    :param directory: for the log of QEMU
    :ivar missing: why there is no virtual machine, in a sentence; None if there is one
    """

    def __init__(self, directory: Path):
        self._guest = SerialGuest('web-1')
        self._machine = VirtualMachine(directory)
        self.missing: str | None = NO_QEMU

    def start(self) -> None:
        self._guest.start()
        if not self._machine.is_installed():
            return
        try:
            self._machine.start()
        except exceptions.ConfigurationError as error:
            # A QEMU without SPICE, for example.
            self.missing = f'There is no virtual machine, because {error}.'
        else:
            self.missing = None

    def stop(self) -> None:
        self._machine.stop()
        self._guest.stop()

    def servers(self) -> list[dict[str, Any]]:
        """Return the inventory.  The virtual machine is in it after the start."""

        def port(number: int) -> dict[str, Any]:
            return {'host': '127.0.0.1', 'port': number}

        serial = {SERIAL.protocol: port(self._guest.port)}
        off = {'vm_state': 'stopped', 'power_state': 4}
        servers = [
            files.server(1, 'web-1', consoles=serial),
            files.server(2, 'db-1', consoles=serial, **off),
        ]
        if self.missing is None:
            consoles = {
                SERIAL.protocol: port(self._machine.serial_port),
                SPICE_HTML5.protocol: port(self._machine.spice_port),
                NOVNC.protocol: port(self._machine.vnc_port),
            }
            servers.append(files.server(3, 'vm-1', consoles=consoles))
        return servers

    def consoles(self) -> list[Console]:
        """Return the consoles of the running servers, that of web-1 first."""
        types = (SERIAL, NOVNC, SPICE_HTML5)
        return [
            Console(one['name'], one['id'], kind)
            for one in self.servers()
            if 'vm_state' not in one
            for kind in types
            if kind.protocol in one['consoles']
        ]
