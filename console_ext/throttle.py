# SPDX-License-Identifier: Apache-2.0
"""Limits how often an event is logged that clients can trigger at any rate."""

from __future__ import annotations

import threading
import time


class Throttle:
    """Admits one event per interval and counts the suppressed ones.

    :param interval_s: the minimum time between two admitted events
    """

    def __init__(self, interval_s: float):
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._next = float('-inf')
        self._suppressed = 0

    def admit(self) -> int | None:
        """
        :returns: the number of events suppressed since the last admitted one; None if
            this event is suppressed
        """
        now = time.monotonic()
        with self._lock:
            if now < self._next:
                self._suppressed += 1
                return None
            self._next = now + self._interval_s
            suppressed, self._suppressed = self._suppressed, 0
            return suppressed
