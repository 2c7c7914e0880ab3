# SPDX-License-Identifier: Apache-2.0
"""A line for each question, and an end to every wait for an answer."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import TypeVar

from oslo_config import cfg

from console_ext import exceptions
from console_ext.executor import BoundedExecutor
from console_ext.printable import printable

T = TypeVar('T')

# One for each question that was given up, and one that asks.
_MOST_THREADS = 100

_MAX_LINE = 2000

# Of a URL: who asks, and the password.
_USER = re.compile(r'//[^/\s]*@')


class Wrong(Exception):
    """Something is not as it has to be; the text says how."""


class Report:
    """Asks, and prints what is right and what is wrong.

    What libraries log meanwhile is kept off the terminal.

    :param timeout_s: for each question
    """

    def __init__(self, timeout_s: float):
        self._timeout_s = timeout_s
        self._executor = BoundedExecutor(_MOST_THREADS, 'check')
        self._log = _Log()
        self.lines = 0
        self.wrong = 0

    def __enter__(self) -> Report:
        logging.getLogger().addHandler(self._log)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self._log)

    def ask(
        self, part: str, question: Callable[[], T], say: Callable[[T], str] = str
    ) -> T | None:
        """
        :param say: the line for an answer
        :returns: None where there is no answer, after the line that says why
        """
        self._log.reason = None
        try:
            answer: T = self._executor.run(question, time.monotonic() + self._timeout_s)
        except TimeoutError:
            self.no(part, f'no answer within {self._timeout_s:g} s')
        except (exceptions.ServersUnavailable, exceptions.StoreUnavailable) as error:
            self.no(part, self._log.reason or str(error))
        except (Wrong, exceptions.ConsoleExtError, cfg.Error) as error:
            self.no(part, str(error))
        except Exception as error:
            self.no(part, f'{type(error).__name__}: {error}')
        else:
            self.yes(part, say(answer))
            return answer
        return None

    def yes(self, part: str, text: str) -> None:
        self._print('ok', part, text)

    def no(self, part: str, text: str) -> None:
        self.wrong += 1
        self._print('WRONG', part, text)

    def _print(self, verdict: str, part: str, text: str) -> None:
        self.lines += 1
        text = _USER.sub('//***@', ' '.join(text.split()))
        line = f'{part}: {text}'
        print(f'{verdict:5}  {printable(line, _MAX_LINE)}', flush=True)


class _Log(logging.Handler):
    """Holds the last error that this package has logged: some raise without it."""

    reason: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        ours = record.name.partition('.')[0] == __package__.partition('.')[0]
        if ours and record.levelno >= logging.ERROR:
            self.reason = record.getMessage()
