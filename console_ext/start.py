# SPDX-License-Identifier: Apache-2.0
"""Entry points of the programs: they set up signals before they import the program.

The imports take seconds on a busy machine, and until SIGHUP is caught, it ends the
process.  For the same reason, this module imports as little as possible.
"""

from __future__ import annotations

import importlib
import signal
import sys


def api() -> None:
    _start('api')


def agent() -> None:
    _start('agent')


def proxy() -> None:
    _start('proxy')


def demo() -> None:
    _start('demo')


def manage() -> None:
    """Run console-ext-manage, which Ctrl-C ends at once, without a traceback."""
    # A shell starts programs in the background with the signal ignored.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(importlib.import_module('console_ext.cmd.manage').main())


def _start(name: str) -> None:
    """Run a program, which ends the process."""
    # Ctrl-C during the next import ends the process, without Python's traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from console_ext.signals import Signals

    with Signals() as signals:
        importlib.import_module(f'console_ext.cmd.{name}').main(signals)
