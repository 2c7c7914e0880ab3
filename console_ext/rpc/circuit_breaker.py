# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker: calls to a peer that does not answer fail immediately."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class Refused(Exception):
    """The peer does not answer, and a call to it would not be allowed now."""


class CircuitBreaker:
    """Refuses calls to a peer that does not answer.

    The circuit is *closed* while the peer answers, and allows every call.  A call
    without an answer makes it *half-open*: it allows one call at a time, as a probe,
    and refuses the others.  An answer closes it again.

    It is never fully open.  A probe that fails takes the whole timeout, and a single
    call at a time delays nobody else, so no further pause is needed.

    It is thread-safe.

    :param probes: limits the probes of several circuits together, so that many peers
        that do not answer leave threads for the others
    """

    __slots__ = ('_closed', '_lock', '_probes', '_probing')

    def __init__(self, probes: threading.Semaphore) -> None:
        self._lock = threading.Lock()
        self._probes = probes
        self._closed = True
        self._probing = False

    def refuses(self) -> bool:
        """Whether a probe is running, so that a call would be refused now."""
        with self._lock:
            return self._probing and not self._closed

    @contextlib.contextmanager
    def call(self) -> Iterator[None]:
        """Make a call or a probe.

        Before the end, call :meth:`answered` or :meth:`unanswered`, unless the outcome
        says nothing about the peer.

        :raises Refused: it is not allowed
        """
        is_probe = self._enter()
        try:
            yield
        finally:
            if is_probe:
                self._leave()

    def _enter(self) -> bool:
        """
        :returns: whether the call is a probe
        """
        with self._lock:
            if self._closed:
                return False
            if self._probing or not self._probes.acquire(blocking=False):
                raise Refused
            self._probing = True
            return True

    def _leave(self) -> None:
        with self._lock:
            self._probing = False
        self._probes.release()

    def answered(self) -> None:
        """Record that the peer has answered, even with an error."""
        with self._lock:
            self._closed = True

    def unanswered(self) -> None:
        """Record that the peer has not answered."""
        with self._lock:
            self._closed = False
