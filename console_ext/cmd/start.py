# SPDX-License-Identifier: Apache-2.0
"""Entry points of the services: they catch signals before they import the program.

The imports take seconds on a busy machine, and until SIGHUP is caught, it ends the
process.
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
    raise AssertionError('a service does not return')
