# SPDX-License-Identifier: Apache-2.0
"""A pipe on which a worker reports that its event loop is running."""

from __future__ import annotations

import contextlib
import os

# The interval at which an event loop reports.
BEAT_S = 1.0


class Pulse:
    """Created before the fork; the worker writes and the supervisor reads."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def beat(self) -> None:
        """Report.  It never blocks, even if the supervisor does not read."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._write, b'.')

    def heard(self) -> bool:
        """Whether the worker has reported since the last call."""
        try:
            return bool(os.read(self._read, 4096))
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)
