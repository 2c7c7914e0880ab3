# SPDX-License-Identifier: Apache-2.0
"""Runs checks with a timeout and prints a line for each."""

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

# A check that times out keeps its thread.
_MAX_THREADS = 100

_MAX_LINE = 2000

# The user and the password in a URL.
_USER = re.compile(r'//[^/\s]*@')


class Wrong(Exception):
    """A check has failed; the text is the problem."""


class Report:
    """Runs checks and prints their results.

    Log messages of libraries are not printed.

    :param timeout_s: the timeout of each check
    """

    def __init__(self, timeout_s: float):
        self._timeout_s = timeout_s
        self._executor = BoundedExecutor(_MAX_THREADS, 'check')
        self._log = _Log()
        self.lines = 0
        self.wrong = 0

    def __enter__(self) -> Report:
        logging.getLogger().addHandler(self._log)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self._log)

    def ask(
        self, part: str, check: Callable[[], T], say: Callable[[T], str] = str
    ) -> T | None:
        """Run a check and print its result.

        :param say: returns the text to print for a result
        :returns: the result, or None if the check failed
        """
        self._log.reason = None
        try:
            result: T = self._executor.run(check, time.monotonic() + self._timeout_s)
        except TimeoutError:
            self.fail(part, f'no answer within {self._timeout_s:g} s')
        except (exceptions.ServersUnavailable, exceptions.StoreUnavailable) as error:
            self.fail(part, self._log.reason or str(error))
        except (Wrong, exceptions.ConsoleExtError, cfg.Error) as error:
            self.fail(part, str(error))
        except Exception as error:
            self.fail(part, f'{type(error).__name__}: {error}')
        else:
            self.ok(part, say(result))
            return result
        return None

    def ok(self, part: str, text: str) -> None:
        self._print('ok', part, text)

    def fail(self, part: str, text: str) -> None:
        self.wrong += 1
        self._print('WRONG', part, text)

    def _print(self, verdict: str, part: str, text: str) -> None:
        self.lines += 1
        text = _USER.sub('//***@', ' '.join(text.split()))
        line = f'{part}: {text}'
        print(f'{verdict:5}  {printable(line, _MAX_LINE)}', flush=True)


class _Log(logging.Handler):
    """Keeps the last error logged by this package: some exceptions lack the reason."""

    reason: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        ours = record.name.partition('.')[0] == __package__.partition('.')[0]
        if ours and record.levelno >= logging.ERROR:
            self.reason = record.getMessage()
