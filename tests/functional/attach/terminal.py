# SPDX-License-Identifier: Apache-2.0
"""A program in a pseudo-terminal, as in a terminal window."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Sequence

TIMEOUT_S = 30

# Marks the end of what a program has printed.
_END = b'<end of the program>'


class Window:
    """A terminal of 24 lines and 80 columns, and a program in its foreground.

    :param env: more environment variables
    :param reads: whether the terminal takes what is printed; see :meth:`read_on`
    """

    def __init__(self, command: Sequence[str], reads: bool = True, **env: str):
        self._ours, theirs = os.openpty()
        self.resize(24, 80)
        self.modes = termios.tcgetattr(theirs)
        self._shown = bytearray()
        self._changed = threading.Condition()
        self._may_read = threading.Event()
        if reads:
            self._may_read.set()
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, 'TERM': 'xterm-256color', **env},
            preexec_fn=_take_terminal,
        )
        # Kept open, so that the terminal modes can be read after the program has ended.
        self._theirs = theirs
        self._fds = (theirs, self._ours)
        self._closed = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.close()

    def close(self):
        """Close the window; it may be closed already."""
        self._closed = True
        self._may_read.set()
        self._reader.join()
        for fd in self._fds:
            os.close(fd)
        self._fds = ()

    def resize(self, lines, columns):
        size = struct.pack('HHHH', lines, columns, 0, 0)
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, size)

    def type(self, data: bytes):
        while data:
            data = data[os.write(self._ours, data) :]

    def read_on(self):
        self._may_read.set()

    @property
    def shown(self) -> bytes:
        with self._changed:
            return bytes(self._shown)

    def wait_for(
        self, text: bytes, after: int = 0, timeout_s: float = TIMEOUT_S
    ) -> int:
        """Wait until a text is on the screen.

        :param after: bytes that do not count
        :returns: the bytes up to the end of the text
        """
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while (found := self._shown.find(text, after)) < 0:
                left_s = deadline - time.monotonic()
                assert left_s > 0, f'no {text!r} in {bytes(self._shown[-2000:])!r}'
                self._changed.wait(left_s)
            return found + len(text)

    def current_modes(self):
        return termios.tcgetattr(self._theirs)

    def is_raw(self) -> bool:
        local = self.current_modes()[3]
        return not local & (termios.ICANON | termios.ECHO | termios.ISIG)

    def signal(self, number: signal.Signals):
        self.process.send_signal(number)

    def ends(self, timeout_s: float = TIMEOUT_S) -> int:
        """Wait for the end, and return the exit status."""
        status = self.process.wait(timeout_s)
        # The last output of the program may still be on its way, before this.
        os.write(self._theirs, _END)
        end = self.wait_for(_END)
        with self._changed:
            del self._shown[end - len(_END) : end]
        return status

    def _read(self):
        while True:
            self._may_read.wait()
            # A descriptor that is being read cannot be closed.
            while not select.select([self._ours], [], [], 0.1)[0]:
                if self._closed:
                    return
            data = b''
            with contextlib.suppress(OSError):
                data = os.read(self._ours, 65536)
            if not data:
                return
            with self._changed:
                self._shown += data
                self._changed.notify_all()


def _take_terminal():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
