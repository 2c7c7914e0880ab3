# SPDX-License-Identifier: Apache-2.0
"""Prevents a flood of tracebacks in the log for messages that cannot be handled."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType

# The loggers to which oslo.messaging writes a traceback for each message.
_LOGGERS = ('oslo_messaging.rpc.server', 'oslo.messaging._drivers.impl_rabbit')

# A bug in this package is a single kind; arbitrary messages cause some dozens.
MAX_KINDS = 50
MAX_TEXT = 500
INTERVAL_S = 60.0


class FirstOfEachKind(logging.Filter):
    """Logs the first traceback of each kind, and counts the others.

    A kind is the class of an exception and the line that raised it.  An exception with
    a text longer than ``MAX_TEXT`` is only counted, because the sender controls it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._kinds: set[object] = set()
        self._repeated = 0
        self._reported = float('-inf')

    def install(self) -> None:
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self)

    def remove(self) -> None:
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.exc_info or record.exc_info[1] is None:
            return True
        _, error, traceback = record.exc_info
        kind = type(error), _where(traceback)
        with self._lock:
            is_new = kind not in self._kinds and len(self._kinds) < MAX_KINDS
            if is_new and len(str(error)) <= MAX_TEXT:
                self._kinds.add(kind)
                return True
            self._repeated += 1
            now = time.monotonic()
            if now - self._reported < INTERVAL_S:
                return False
            self._reported = now
            repeated, self._repeated = self._repeated, 0
        record.msg = 'Suppressed tracebacks of messages that cannot be handled: %d (%s)'
        record.args = (repeated, type(error).__name__)
        record.exc_info = None
        # INFO, because oslo.log adds the text of the error to warnings and errors.
        record.levelno, record.levelname = logging.INFO, 'INFO'
        return True


def _where(traceback: TracebackType | None) -> object:
    if traceback is None:
        return None
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_code, traceback.tb_lineno
