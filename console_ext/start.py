# SPDX-License-Identifier: Apache-2.0
"""Entry points of the services: they catch signals before they import the program.

The imports take seconds on a busy machine, and until SIGHUP is caught, it ends the
process.  For the same reason, this module imports as little as possible.
"""

from __future__ import annotations

import importlib
import signal


def api() -> None:
    _start('api')


def agent() -> None:
    _start('agent')


def proxy() -> None:
    _start('proxy')


def demo() -> None:
    _start('demo')


def _start(name: str) -> None:
    """Run a program, which ends the process."""
    # Ctrl-C during the next import ends the process, without Python's traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from console_ext.signals import Signals

    with Signals() as signals:
        importlib.import_module(f'console_ext.cmd.{name}').main(signals)
