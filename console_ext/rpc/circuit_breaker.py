# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker: calls to a peer that does not answer fail at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class CircuitBreaker:
    """Counts a peer as well until it leaves a call unanswered.

    The circuit is *closed* while the peer answers, and lets every call through.  A
    call that is not answered *opens* it: calls are refused for ``open_s`` seconds.
    Then it is *half-open*: one call at a time goes through, as a probe.  An answer
    closes it.

    Threads may share it.

    :param clock: gives seconds on a monotonic clock
    """

    __slots__ = ('_clock', '_lock', '_open_s', '_opened', '_probing')

    def __init__(self, open_s: float, clock: Callable[[], float] = time.monotonic):
        self._open_s = open_s
        self._clock = clock
        self._lock = threading.Lock()
        self._opened: float | None = None
        self._probing = False

    @property
    def is_closed(self) -> bool:
        return self._opened is None

    def refuses(self) -> bool:
        """Whether a call that begins now would be refused."""
        with self._lock:
            return self._refuses()

    def enter(self) -> bool:
        """Begin a call, or a probe.

        :returns: whether the call may be made; then :meth:`answered`,
            :meth:`unanswered` or :meth:`inconclusive` is to follow
        """
        with self._lock:
            if self._refuses():
                return False
            self._probing = self._opened is not None
            return True

    def answered(self) -> None:
        """The peer answered a call, whatever it said."""
        with self._lock:
            self._opened = None
            self._probing = False

    def unanswered(self) -> None:
        """The peer left a call unanswered."""
        with self._lock:
            self._opened = self._clock()
            self._probing = False

    def inconclusive(self) -> None:
        """The call ended in a way that says nothing of the peer."""
        with self._lock:
            self._probing = False

    def _refuses(self) -> bool:
        if self._opened is None:
            return False
        return self._probing or self._clock() < self._opened + self._open_s
