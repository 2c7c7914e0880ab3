# SPDX-License-Identifier: Apache-2.0
"""How often something is said that others can make happen as often as they like."""

from __future__ import annotations

import threading
import time


class Throttle:
    """Lets one event in an interval through, and counts the rest.

    :param interval_s: from one event that is let through to the next, at the least
    """

    def __init__(self, interval_s: float):
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._next = float('-inf')
        self._held_back = 0

    def admit(self) -> int | None:
        """
        :returns: how many events were held back since the last one that was let
            through; None where this one is held back too
        """
        now = time.monotonic()
        with self._lock:
            if now < self._next:
                self._held_back += 1
                return None
            self._next = now + self._interval_s
            held_back, self._held_back = self._held_back, 0
            return held_back
