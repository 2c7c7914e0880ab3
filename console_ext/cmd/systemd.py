# SPDX-License-Identifier: Apache-2.0
"""Reports the state of a program to systemd, with sd_notify(3)'s protocol."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Iterator

LOG = logging.getLogger(__name__)

# How long to wait for space in systemd's queue.
_SEND_S = 1.0

# The time from the end of the stop to the end of the process.
_EXIT_S = 5.0


class Notifier:
    """
    :param address: systemd's socket, a path or an abstract name that begins with
        ``@``; None if systemd does not expect messages
    """

    def __init__(self, address: str | None, timeout_s: float = _SEND_S):
        self._address = address
        self._timeout_s = timeout_s
        self._is_ready = False

    @classmethod
    def of_environment(cls) -> Notifier:
        """Return a notifier for the socket in NOTIFY_SOCKET, if it is set."""
        return cls(os.environ.get('NOTIFY_SOCKET'))

    def ready(self) -> None:
        """Report that the start is complete."""
        self._is_ready = True
        self._send('READY=1')

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        """A context in which the program reloads its configuration.

        Before :meth:`ready`, nothing is reported.
        """
        if not self._is_ready:
            yield
            return
        usec = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send('RELOADING=1', f'MONOTONIC_USEC={usec}')
        yield
        self._send('READY=1')

    def stopping(self, stop_s: float) -> None:
        """
        :param stop_s: how long the stop may take, even if TimeoutStopSec is shorter
        """
        usec = round((stop_s + _EXIT_S) * 1e6)
        self._send('STOPPING=1', f'EXTEND_TIMEOUT_USEC={usec}')

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        address = self._address
        if address.startswith('@'):
            address = f'\0{address[1:]}'
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
                sending.settimeout(self._timeout_s)
                sending.connect(address)
                sending.send('\n'.join(lines).encode())
        except OSError as error:
            LOG.warning('Cannot send %s to systemd: %s', lines[0], error)
