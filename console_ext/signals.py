# SPDX-License-Identifier: Apache-2.0
"""The signals that a program takes, without a handler that does anything."""

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
    """Takes signals within a ``with`` of the main thread, to be read by :meth:`wait`.

    A handler in Python interrupts whatever the main thread does, and may so wait for a
    lock that the main thread holds.  The handlers here do nothing: the interpreter
    itself writes the number of each signal to a pipe (``signal.set_wakeup_fd``).

    Signals are caught, neither blocked nor ignored: a program that this one executes
    starts with their default actions.
    """

    def __init__(self, numbers: Iterable[int] = (*STOP, RELOAD)):
        self._numbers = tuple(numbers)
        self._former: dict[int, Any] = {}
        self._former_fd = -1
        self._read = self._write = -1

    def __enter__(self) -> Signals:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._former_fd = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in self._numbers:
            self.take(number)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._former_fd)
        for end in (self._read, self._write):
            os.close(end)
        self._read = self._write = -1

    def take(self, number: int) -> None:
        """Take one more signal; also where whoever started the program blocks it."""
        former = signal.signal(number, _do_nothing)
        self._former.setdefault(number, former)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})

    def wait(self, timeout_s: float) -> int | None:
        """
        :returns: the next signal; None where the time is over, or after :meth:`wake`
        """
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        if not poll.poll(max(0.0, timeout_s) * 1000):
            return None
        with contextlib.suppress(BlockingIOError):
            return os.read(self._read, 1)[0] or None
        return None

    def wake(self) -> None:
        """Let the thread that waits go on; to be called in any thread."""
        with contextlib.suppress(OSError):
            os.write(self._write, b'\0')


def _do_nothing(number: int, frame: object) -> None:
    """Only for a signal that Python has a handler for is its number written."""
