# SPDX-License-Identifier: Apache-2.0
"""Calls a function whenever somebody presses Enter in the demo's terminal."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

_BACKGROUND_S = 1.0


def is_foreground(fd: int) -> bool:
    """Whether a descriptor is a terminal that this process may read.

    A process in the background that reads its terminal is stopped (SIGTTIN).
    """
    try:
        return os.tcgetpgrp(fd) == os.getpgrp()
    except OSError:
        return False


def listen(fd: int, call: Callable[[], None]) -> None:
    """Start a daemon thread that calls a function for each line.

    It ends when the terminal is closed.
    """
    threading.Thread(target=_listen, args=(fd, call), name='enter', daemon=True).start()


def _listen(fd: int, call: Callable[[], None]) -> None:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    while True:
        poll.poll()
        if not os.isatty(fd):
            return
        if not is_foreground(fd):
            time.sleep(_BACKGROUND_S)
            continue
        try:
            if not os.read(fd, 4096):
                return
        except OSError:
            return
        call()
