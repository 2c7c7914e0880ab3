# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker: calls to a peer that does not answer fail at once."""

from __future__ import annotations

import threading


class CircuitBreaker:
    """Counts a peer as well until it leaves a call unanswered.

    The circuit is *closed* while the peer answers, and lets every call through.  A
    call that is not answered makes it *half-open*: one call at a time goes through, as
    a probe, and the others are refused.  An answer closes it.

    There is no time in which it refuses the probe, too: a call that was not answered
    has cost its caller the whole timeout, and one call at a time costs nobody else
    anything.

    Threads may share it.
    """

    __slots__ = ('_closed', '_lock', '_probing')

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = True
        self._probing = False

    def refuses(self) -> bool:
        """Whether a call that begins now would be refused."""
        with self._lock:
            return self._probing

    def enter(self) -> bool:
        """Begin a call, or a probe.

        :returns: whether the call may be made; then :meth:`answered`,
            :meth:`unanswered` or :meth:`inconclusive` is to follow
        """
        with self._lock:
            if self._probing:
                return False
            self._probing = not self._closed
            return True

    def answered(self) -> None:
        """The peer answered a call, whatever it said."""
        with self._lock:
            self._closed = True
            self._probing = False

    def unanswered(self) -> None:
        """The peer left a call unanswered."""
        with self._lock:
            self._closed = False
            self._probing = False

    def inconclusive(self) -> None:
        """The call ended in a way that says nothing of the peer."""
        with self._lock:
            self._probing = False
