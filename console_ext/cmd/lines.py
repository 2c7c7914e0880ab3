# SPDX-License-Identifier: Apache-2.0
"""Formats log lines so that untrusted text in them cannot control a terminal."""

from __future__ import annotations

import copy
import logging
from typing import Any

from console_ext.printable import printable

_OURS = 'console_ext.'

_MAX_LINE = 20_000

# The maximum length of an exception's chain of causes.
_MAX_CHAIN = 20


class PrintableLines(logging.Formatter):
    """Wraps a formatter and escapes the control characters in its lines.

    Libraries log texts from the message bus unchanged, such as the names of methods and
    arguments.

    :param formatter: None for the standard formatter
    """

    def __init__(self, formatter: logging.Formatter | None):
        super().__init__()
        self._formatter = formatter or logging.Formatter()

    def format(self, record: logging.LogRecord) -> Any:
        record = copy.copy(record)
        message = record.getMessage()
        if not record.name.startswith(_OURS):
            # Messages of this package may have several lines and are already safe.
            record.msg, record.args = printable(message, _MAX_LINE), ()
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            error = _printable(error, _MAX_CHAIN)
            record.exc_info = type(error), error, error.__traceback__
            record.exc_text = None
        formatted: Any = self._formatter.format(record)
        if not isinstance(formatted, str):
            # oslo.log's FluentFormatter returns a dictionary.
            return formatted
        lines = formatted.split('\n')
        return '\n'.join(printable(line, _MAX_LINE) for line in lines)


def _printable(error: BaseException, chain: int) -> BaseException:
    """Return a copy of an exception whose text is one printable line."""
    words = str(error)
    named = type(
        type(error).__name__, (Exception,), {'__module__': type(error).__module__}
    )
    shown: BaseException = named(printable(words, _MAX_LINE) if words else '')
    shown.__traceback__ = error.__traceback__
    if chain > 0:
        if error.__cause__ is not None:
            shown.__cause__ = _printable(error.__cause__, chain - 1)
        elif error.__context__ is not None:
            shown.__context__ = _printable(error.__context__, chain - 1)
        shown.__suppress_context__ = error.__suppress_context__
    return shown
