# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker: calls to a peer that does not answer fail immediately."""

from __future__ import annotations

import threading


class CircuitBreaker:
    """Refuses calls to a peer that does not answer.

    The circuit is *closed* while the peer answers, and allows every call.  A call
    without an answer makes it *half-open*: it allows one call at a time, as a probe,
    and refuses the others.  An answer closes it again.

    It is never fully open.  A probe that fails takes the whole timeout, and a single
    call at a time delays nobody else, so no further pause is needed.

    It is thread-safe.
    """

    __slots__ = ('_closed', '_lock', '_probing')

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = True
        self._probing = False

    def refuses(self) -> bool:
        """Whether a call would be refused now."""
        with self._lock:
            return self._probing

    def enter(self) -> bool:
        """Start a call or a probe.

        :returns: whether the call is allowed.  If so, call :meth:`answered`,
            :meth:`unanswered` or :meth:`inconclusive` afterwards.
        """
        with self._lock:
            if self._probing:
                return False
            self._probing = not self._closed
            return True

    def answered(self) -> None:
        """Record that the peer has answered, even with an error."""
        with self._lock:
            self._closed = True
            self._probing = False

    def unanswered(self) -> None:
        """Record that the peer has not answered."""
        with self._lock:
            self._closed = False
            self._probing = False

    def inconclusive(self) -> None:
        """Record that the outcome of the call says nothing about the peer."""
        with self._lock:
            self._probing = False
