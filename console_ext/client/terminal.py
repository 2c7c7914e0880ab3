# SPDX-License-Identifier: Apache-2.0
"""The user's terminal, which is in raw mode while a console is attached."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import tty
from typing import Any

from console_ext.printable import printable

# Terminals that may display escape sequences that they do not support.
_PLAIN = frozenset({'', 'dumb', 'linux', 'unknown', 'vt52', 'vt100', 'vt102', 'vt220'})

_PUSH_TITLE = '\x1b[22;2t'
_SET_TITLE = '\x1b]2;{}\x1b\\'
_POP_TITLE = '\x1b[23;2t'

# Resets modes that a program in the guest may have enabled.
_RESET = (
    '\x0f\x1b(B'  # the character set
    '\x1b[?1047l'  # the alternate screen; 1049 would move the cursor
    '\x1b7\x1b[r\x1b8'  # the scrolling region
    '\x1b[0m\x1b[?25h\x1b[4l\x1b[?5l\x1b[?7h'  # colours, cursor, insertion, wrapping
    '\x1b[?1l\x1b>'  # keys that send other sequences
    '\x1b[=0u\x1b[>4m'
    '\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1005l\x1b[?1006l'
    '\x1b[?1015l\x1b[?2004l'  # mouse, focus, bracketed paste
)

# The time to wait for a terminal that does not accept output.
_WRITE_S = 0.5

_LONGEST_TITLE = 100
_LONGEST_MESSAGE = 800


class Terminal:
    """The standard descriptors of the program, and the terminal behind them.

    :param stdin: :meth:`attach` sets it to raw mode if it is a terminal
    :param stdout: for the guest's output
    :param stderr: for messages
    :param term: the value of ``TERM``
    """

    def __init__(
        self, stdin: int = 0, stdout: int = 1, stderr: int = 2, term: str = ''
    ):
        self.stdin, self.stdout, self._stderr = stdin, stdout, stderr
        self.is_interactive = _is_terminal(stdin)
        self._shows = _is_terminal(stdout)
        self._obeys = self._shows and term not in _PLAIN
        self._shares = _is_terminal(stderr)
        self._former: list[Any] | None = None
        self._named = False
        self._attached = False

    def attach(self, title: str) -> None:
        """Set the terminal to raw mode, and set the title of its window.

        :raises OSError: the terminal no longer exists
        """
        self._attached = True
        if self.is_interactive:
            try:
                self._former = termios.tcgetattr(self.stdin)
                # TCSAFLUSH discards earlier input, which was not meant for the guest.
                tty.setraw(self.stdin, termios.TCSAFLUSH)
            except termios.error as error:
                raise OSError(*error.args) from None
        if self._obeys:
            shown = printable(title, _LONGEST_TITLE)
            self._named = True
            self._write(self.stdout, _PUSH_TITLE + _SET_TITLE.format(shown))

    def restore(self) -> None:
        """Undo :meth:`attach`, and reset the modes that the guest has enabled."""
        if self._named:
            self._named = False
            self._write(self.stdout, _RESET + _POP_TITLE)
        former, self._former = self._former, None
        if former is not None:
            # The terminal may no longer exist.
            with contextlib.suppress(termios.error, OSError):
                # Otherwise the shell would execute the rest of a paste.
                termios.tcflush(self.stdin, termios.TCIFLUSH)
                # TCSANOW, because waiting for pending output may never end.
                termios.tcsetattr(self.stdin, termios.TCSANOW, former)

    def suspend(self) -> None:
        """Restore the terminal and suspend this process until it is continued."""
        if self._former is not None:
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(self.stdin, termios.TCSANOW, self._former)
        os.kill(os.getpid(), signal.SIGSTOP)
        self.resume()

    def resume(self) -> None:
        """Set the terminal to raw mode again, because a shell may have changed it."""
        if self._former is not None:
            # A closed window sends SIGHUP and then SIGCONT.
            with contextlib.suppress(termios.error, OSError):
                tty.setraw(self.stdin, termios.TCSANOW)

    def say(self, sentence: str) -> None:
        """Print a message on a separate line; it may contain untrusted text."""
        line = f'console-ext: {printable(sentence, _LONGEST_MESSAGE)}'
        if self._shares and self._attached:
            # The cursor may be anywhere, and in raw mode a line feed does not return to
            # the first column.
            line = f'\r\n{line}\r'
        self._write(self._stderr, f'{line}\n')

    def size(self) -> os.terminal_size | None:
        """Return columns and lines; None if the output is not a terminal."""
        if not self._shows:
            return None
        with contextlib.suppress(OSError):
            return os.get_terminal_size(self.stdout)
        return None

    def _write(self, fd: int, text: str) -> None:
        data = text.encode()
        poll = select.poll()
        with contextlib.suppress(OSError, ValueError):
            poll.register(fd, select.POLLOUT)
            while data and poll.poll(_WRITE_S * 1000):
                data = data[os.write(fd, data) :]


def _is_terminal(fd: int) -> bool:
    try:
        return os.isatty(fd)
    except OSError:
        return False
