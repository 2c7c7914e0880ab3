# SPDX-License-Identifier: Apache-2.0
"""Whether files have changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Watch:
    """Looks now and then, in the threads of those who use what was read.

    :param stamp: gives what is another after a change; None where that cannot be told
    :param interval_s: from one look to the next, at the least
    """

    def __init__(self, stamp: Callable[[], object], interval_s: float):
        self._stamp = stamp
        self._interval_s = interval_s
        self._lock = threading.Lock()
        self._seen = stamp()
        self._next_look = time.monotonic() + interval_s

    def look(self, changed: Callable[[], None]) -> None:
        """
        :param changed: called where there has been a change; once for each, even if it
            fails, and in one thread at a time, while the others go on
        """
        now = time.monotonic()
        if now < self._next_look or not self._lock.acquire(blocking=False):
            return
        try:
            self._next_look = now + self._interval_s
            stamp = self._stamp()
            if stamp is None or stamp == self._seen:
                return
            self._seen = stamp
            changed()
        finally:
            self._lock.release()
