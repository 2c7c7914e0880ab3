# SPDX-License-Identifier: Apache-2.0
"""A real virtual machine, if QEMU is installed.

It has no disk and no network.  It boots Linux from memory, if there is a kernel.
Otherwise iPXE, in the ROM of its network card, finds nothing to boot and shows its
command line on the screen and on the serial port.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from console_ext import exceptions
from console_ext.demo import tether
from console_ext.demo.linux import Linux

LOG = logging.getLogger(__name__)

_PROGRAM = 'qemu-system-x86_64'
# Below those that Linux gives to outgoing connections, so that none of these has a
# machine's port before it starts, or while it is off.
_PORTS = range(10000, 16000)

_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 5.0
_BOOT_AGAIN_MS = 2000

# A machine that ends sooner is not started again.
_SHORTEST_RUN_S = 2.0

# "quiet" and what follows make the boot faster.
_KERNEL_ARGUMENTS = (
    'console=tty0 console=ttyS0,115200 panic=1 quiet mitigations=off '
    'random.trust_cpu=on'
)


class VirtualMachine:
    """A machine with a serial port, and a screen by SPICE and by VNC, on 127.0.0.1.

    When it is powered off, it starts again, because its consoles stay on offer.

    :param directory: for its log file and its initramfs
    :raises ConfigurationError: there are no free ports
    """

    def __init__(self, directory: Path):
        self._directory = directory
        self._log = directory / 'qemu.log'
        self.serial_port, self.spice_port, self.vnc_port = _free_ports(3)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._error: OSError | None = None
        self._stopping = False
        self._ended = threading.Event()

    @staticmethod
    def is_installed() -> bool:
        return shutil.which(_PROGRAM) is not None

    def start(self, linux: Linux | None = None) -> None:
        """
        :param linux: the system to boot; None for the firmware alone
        :raises ConfigurationError: with the reason why it does not start
        """
        try:
            boot = _firmware() if linux is None else self._system(linux)
        except OSError as error:
            raise exceptions.ConfigurationError(
                f'its files cannot be made: {error}'
            ) from None
        spice = f'port={self.spice_port},addr=127.0.0.1,disable-ticketing=on'
        serial = f'host=127.0.0.1,port={self.serial_port},server=on,wait=off'
        command = [
            _PROGRAM,
            # KVM fails on some hosts that are virtual machines themselves.
            *('-accel', 'tcg', *boot),
            *('-nodefaults', '-no-user-config'),
            *('-display', 'none', '-vga', 'std', '-spice', spice),
            # By its display, which QEMU counts from port 5900.
            *('-vnc', f'127.0.0.1:{self.vnc_port - 5900}'),
            *('-chardev', f'socket,id=serial,{serial}', '-serial', 'chardev:serial'),
        ]
        # The kernel kills the program when the thread that started it ends, and so when
        # this process ends, even if it is killed.
        threading.Thread(
            target=self._keep, args=(command,), name='machine', daemon=True
        ).start()
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not (_listens(self.spice_port) and _listens(self.vnc_port)):
            if self._ended.is_set() or time.monotonic() > deadline:
                self.stop()
                raise exceptions.ConfigurationError(
                    f'{_PROGRAM} does not start: {self._reason()}'
                )
            time.sleep(0.1)

    def stop(self) -> None:
        with self._lock:
            self._stopping = True
            process = self._process
        if process is None:
            return
        process.terminate()
        if not self._ended.wait(_STOP_TIMEOUT_S):
            process.kill()
            self._ended.wait(_STOP_TIMEOUT_S)

    def _system(self, linux: Linux) -> list[str]:
        return [
            *('-machine', 'pc', '-cpu', 'max', '-m', '128'),
            *('-kernel', str(linux.kernel)),
            *('-initrd', str(linux.write_initramfs(self._directory))),
            *('-append', _KERNEL_ARGUMENTS),
        ]

    def _keep(self, command: list[str]) -> None:
        """Run the program, again and again until the stop."""
        try:
            while True:
                started = time.monotonic()
                status = self._run(command)
                if status is None:
                    return
                if time.monotonic() - started < _SHORTEST_RUN_S:
                    LOG.info('The virtual machine has ended at once (%d)', status)
                    return
                LOG.info('The virtual machine has ended (%d); it starts again', status)
        except OSError as error:
            self._error = error
        finally:
            self._ended.set()

    def _run(self, command: list[str]) -> int | None:
        """Run the program once.

        :returns: its exit status; None after the stop
        """
        bound = (sys.executable, '-I', tether.__file__, str(os.getpid()))
        with self._lock, self._log.open('wb') as log:
            if self._stopping:
                return None
            process = self._process = subprocess.Popen(
                [*bound, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C stops the demo, which then stops the program.
                start_new_session=True,
            )
        status = process.wait()
        with self._lock:
            return None if self._stopping else status

    def _reason(self) -> str:
        if self._error is not None:
            return str(self._error)
        said = self._log.read_text(errors='replace').strip().splitlines()
        return said[-1] if said else 'no message'


def _firmware() -> list[str]:
    return [
        # With graphics "off" the firmware uses both the serial port and the screen.
        *('-machine', 'pc,graphics=off', '-m', '64'),
        # The firmware tries again, so iPXE's prompt comes back.
        *('-boot', f'reboot-timeout={_BOOT_AGAIN_MS}'),
        *('-nic', 'user,restrict=on,model=virtio-net-pci'),
    ]


def _free_ports(count: int) -> list[int]:
    """
    :raises ConfigurationError: there are not so many
    """
    found: list[int] = []
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(('127.0.0.1', port))
            found.append(port)
        if len(found) == count:
            return found
    raise exceptions.ConfigurationError(
        f'no port of 127.0.0.1 from {_PORTS[0]} to {_PORTS[-1]} is free'
    )


def _listens(port: int) -> bool:
    try:
        socket.create_connection(('127.0.0.1', port), timeout=1).close()
    except OSError:
        return False
    return True
