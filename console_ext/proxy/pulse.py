# SPDX-License-Identifier: Apache-2.0
"""A pipe on which a worker shows that its event loop turns."""

from __future__ import annotations

import contextlib
import os

# How often an event loop beats.
BEAT_S = 1.0


class Pulse:
    """Made before the fork: the worker beats, the supervisor hears it."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def beat(self) -> None:
        """Never waits: a supervisor that does not read is held itself."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._write, b'.')

    def heard(self) -> bool:
        """Whether there was a beat since the last call."""
        try:
            return bool(os.read(self._read, 4096))
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)
