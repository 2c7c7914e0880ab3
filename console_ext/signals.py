# SPDX-License-Identifier: Apache-2.0
"""Receives signals through a pipe instead of through handlers."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Iterable
from types import TracebackType
from typing import Any

STOP = frozenset({signal.SIGTERM, signal.SIGINT})
RELOAD = signal.SIGHUP


class Signals:
    """A context manager for the main thread; :meth:`wait` returns the signals.

    A Python signal handler interrupts the main thread at any point, and can deadlock on
    a lock that the main thread holds.  The handlers here do nothing.  Instead, the
    interpreter writes the number of each signal to a pipe (``signal.set_wakeup_fd``).

    Signals are caught, not blocked or ignored, so that a program executed by this one
    starts with their default actions.
    """

    def __init__(self, numbers: Iterable[int] = (*STOP, RELOAD)):
        self._numbers = tuple(numbers)
        self._previous: dict[int, Any] = {}
        self._previous_fd = -1
        self._read = self._write = -1

    def __enter__(self) -> Signals:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._previous_fd = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in self._numbers:
            self.take(number)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_fd)
        for end in (self._read, self._write):
            os.close(end)
        self._read = self._write = -1

    def take(self, number: int) -> None:
        """Receive one more signal, and unblock it if the parent process blocked it."""
        previous = signal.signal(number, _do_nothing)
        self._previous.setdefault(number, previous)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})

    def wait(self, timeout_s: float) -> int | None:
        """
        :returns: the next signal; None after the timeout or after :meth:`wake`
        """
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        if not poll.poll(max(0.0, timeout_s) * 1000):
            return None
        with contextlib.suppress(BlockingIOError):
            return os.read(self._read, 1)[0] or None
        return None

    def wake(self) -> None:
        """Make :meth:`wait` return.  Any thread may call this."""
        with contextlib.suppress(OSError):
            os.write(self._write, b'\0')


def _do_nothing(number: int, frame: object) -> None:
    """A handler, because Python only writes the numbers of signals with a handler."""
