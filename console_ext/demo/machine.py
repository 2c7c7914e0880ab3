# SPDX-License-Identifier: Apache-2.0
"""A real virtual machine, if QEMU is installed.

It has no disk and no network.  iPXE, in the ROM of its network card, finds nothing to
boot and shows its command line on the screen and on the serial port.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from console_ext import exceptions
from console_ext.demo import tether

_PROGRAM = 'qemu-system-x86_64'
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 5.0
_BOOT_AGAIN_MS = 2000


class VirtualMachine:
    """A machine with a serial port, and a screen by SPICE and by VNC, on 127.0.0.1.

    :param directory: for its log file
    """

    def __init__(self, directory: Path):
        self._log = directory / 'qemu.log'
        self.serial_port = _free_port()
        self.spice_port = _free_port()
        self.vnc_port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._error: OSError | None = None
        self._ended = threading.Event()

    @staticmethod
    def is_installed() -> bool:
        return shutil.which(_PROGRAM) is not None

    def start(self) -> None:
        """
        :raises ConfigurationError: with the reason why it does not start
        """
        spice = f'port={self.spice_port},addr=127.0.0.1,disable-ticketing=on'
        serial = f'host=127.0.0.1,port={self.serial_port},server=on,wait=off'
        command = [
            _PROGRAM,
            # With graphics "off" the firmware uses both the serial port and the screen.
            *('-machine', 'pc,graphics=off', '-accel', 'tcg', '-m', '64'),
            *('-nodefaults', '-no-user-config'),
            # The firmware tries again, so iPXE's prompt comes back.
            *('-boot', f'reboot-timeout={_BOOT_AGAIN_MS}'),
            *('-display', 'none', '-vga', 'std', '-spice', spice),
            # By its display, which QEMU counts from port 5900.
            *('-vnc', f'127.0.0.1:{self.vnc_port - 5900}'),
            *('-chardev', f'socket,id=serial,{serial}', '-serial', 'chardev:serial'),
            *('-nic', 'user,restrict=on,model=virtio-net-pci'),
        ]
        self._keep(command)
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not (_listens(self.spice_port) and _listens(self.vnc_port)):
            if self._ended.is_set() or time.monotonic() > deadline:
                self.stop()
                raise exceptions.ConfigurationError(
                    f'{_PROGRAM} does not start: {self._reason()}'
                )
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        if not self._ended.wait(_STOP_TIMEOUT_S):
            self._process.kill()
            self._ended.wait(_STOP_TIMEOUT_S)

    def _reason(self) -> str:
        if self._error is not None:
            return str(self._error)
        said = self._log.read_text(errors='replace').strip().splitlines()
        return said[-1] if said else 'no message'

    def _keep(self, command: list[str]) -> None:
        """Start the program in a thread that waits for its end.

        The kernel kills the program when this thread ends, and so when this process
        ends, even if it is killed.
        """
        started = threading.Event()
        bound = (sys.executable, '-I', tether.__file__, str(os.getpid()))

        def keep() -> None:
            try:
                with self._log.open('wb') as log:
                    self._process = subprocess.Popen(
                        [*bound, *command],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        # Ctrl-C stops the demo, which then stops the program.
                        start_new_session=True,
                    )
                started.set()
                self._process.wait()
            except OSError as error:
                self._error = error
            finally:
                started.set()
                self._ended.set()

        threading.Thread(target=keep, name='machine', daemon=True).start()
        started.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    try:
        socket.create_connection(('127.0.0.1', port), timeout=1).close()
    except OSError:
        return False
    return True
