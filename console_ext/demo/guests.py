# SPDX-License-Identifier: Apache-2.0
"""The demo's servers and the guests behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from console_ext import exceptions
from console_ext.consoles import NOVNC, SERIAL, SPICE_HTML5
from console_ext.demo import files, userland
from console_ext.demo.guest import SerialGuest
from console_ext.demo.line import Line
from console_ext.demo.links import Console
from console_ext.demo.linux import Linux, Missing
from console_ext.demo.machine import VirtualMachine

NO_QEMU = (
    'There is no virtual machine, because QEMU is not installed. To add one, install '
    'qemu-system-x86 (qemu-system-x86_64) and start the demo again.'
)
_ALSO = 'To boot Linux on it, also {}.'
NO_LINUX = (
    'vm-1 has no operating system, only its firmware. To boot Linux on it, {}, and '
    'start the demo again.'
)

_LOG_IN = 'web-1 takes any name and password.'
_LOG_IN_TO_LINUX = (
    f'On vm-1, which boots in a few seconds, log in as {userland.USER} with the '
    f'password {userland.PASSWORD}.'
)


class Guests:
    """web-1, db-1 which is powered off, and vm-1 where QEMU is.

    :param directory: for the files of the virtual machine
    :ivar missing: what is missing, in a sentence; None if nothing is
    :ivar log_in: how to log in to the servers, in a sentence, after the start
    """

    def __init__(self, directory: Path):
        self._guest = SerialGuest('web-1')
        self._machine = VirtualMachine(directory)
        self._line = Line(self._machine.serial_port)
        self._has_machine = False
        self.missing: str | None = None
        self.log_in = _LOG_IN

    def start(self) -> None:
        self._guest.start()
        linux, remedy = None, ''
        try:
            linux = Linux.find()
        except Missing as missing:
            remedy = str(missing)
        if not self._machine.is_installed():
            self.missing = f'{NO_QEMU} {_ALSO.format(remedy)}' if remedy else NO_QEMU
            return
        try:
            self._machine.start(linux)
        except exceptions.ConfigurationError as error:
            # A QEMU without SPICE, for example.
            self.missing = f'There is no virtual machine, because {error}.'
            return
        self._line.start()
        self._has_machine = True
        if linux is None:
            self.missing = NO_LINUX.format(remedy)
        else:
            self.log_in = f'{_LOG_IN} {_LOG_IN_TO_LINUX}'

    def stop(self) -> None:
        self._line.stop()
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
        if self._has_machine:
            consoles = {
                SERIAL.protocol: port(self._line.port),
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
