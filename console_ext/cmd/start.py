# SPDX-License-Identifier: Apache-2.0
"""Where the programs that serve begin: signals are taken before all else.

The imports of a program take up to seconds on a busy machine, and until a program takes
SIGHUP, it ends the process.
"""

from __future__ import annotations

import importlib
from typing import NoReturn

from console_ext.signals import Signals


def api() -> NoReturn:
    _start('api')


def agent() -> NoReturn:
    _start('agent')


def proxy() -> NoReturn:
    _start('proxy')


def demo() -> NoReturn:
    _start('demo')


def _start(name: str) -> NoReturn:
    with Signals() as signals:
        importlib.import_module(f'console_ext.cmd.{name}').main(signals)
    raise AssertionError('a program that serves does not return')
