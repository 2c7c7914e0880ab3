# SPDX-License-Identifier: Apache-2.0
"""Detects changes of files."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Watch:
    """Detects changes at an interval, in the threads that use the files' content.

    :param stamp: returns a value that changes with the files, or None if it is unknown
        now
    :param interval_s: the minimum time between two checks
    """

    def __init__(self, stamp: Callable[[], object], interval_s: float):
        self._stamp = stamp
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._seen = stamp()
        self._next_check = time.monotonic() + interval_s

    def check(self, changed: Callable[[], None]) -> None:
        """
        :param changed: called once for each change, even if it raises an error.  Only
            one thread at a time calls it; the others do not wait.
        """
        now = time.monotonic()
        if now < self._next_check or not self._lock.acquire(blocking=False):
            return
        try:
            self._next_check = now + self._interval_s
            stamp = self._stamp()
            if stamp is None or stamp == self._seen:
                return
            self._seen = stamp
            changed()
        finally:
            self._lock.release()
