# SPDX-License-Identifier: Apache-2.0
"""A terminal as a user has it: tmux with a server of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import termios
from collections.abc import Sequence
from pathlib import Path

from tests.parts.waiting import wait_for

PROGRAM = shutil.which('tmux')


class Tmux:
    """A session with a shell in it, within a ``with``.

    :param directory: for the socket of the server
    """

    def __init__(self, directory: Path):
        self._socket = directory / 'tmux.socket'

    def __enter__(self):
        shell = "env -i TERM=tmux-256color PATH=/usr/bin:/bin PS1='$ ' sh"
        self._run('-f', os.devnull, 'new-session', '-d', '-x', '80', '-y', '24', shell)
        self.wait_for('$ ')
        return self

    def __exit__(self, *_):
        self._run('kill-server', check=False)

    def type(self, *keys: str):
        """Press keys by their names in tmux; other text is typed as it is."""
        self._run('send-keys', *keys)

    def command(self, words: Sequence[str]):
        """Run a program in the shell."""
        self._run('send-keys', '-l', shlex.join(words))
        self.type('Enter')

    def paste(self, text: str):
        """Paste like a user: in brackets if the program has enabled them."""
        self._run('set-buffer', text)
        self._run('paste-buffer', '-p', '-r')

    def resize(self, columns: int, lines: int):
        self._run('resize-window', '-x', str(columns), '-y', str(lines))

    def close_window(self):
        self._run('kill-window')

    @property
    def is_raw(self) -> bool:
        """Whether the program in the foreground gets each key as it is."""
        with open(self.ask('pane_tty')) as terminal:
            return not termios.tcgetattr(terminal)[3] & termios.ISIG

    @property
    def screen(self) -> str:
        return self._run('capture-pane', '-p', '-J')

    def ask(self, what: str) -> str:
        """Return the value of a tmux format, such as ``pane_title``."""
        return self._run('display-message', '-p', f'#{{{what}}}').strip()

    def wait_for(self, text: str, timeout_s: float = 60):
        """Wait until a text is on the screen."""
        try:
            wait_for(lambda: text in self.screen, timeout_s)
        except AssertionError:
            raise AssertionError(f'no {text!r} in:\n{self.screen}') from None

    def _run(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(
            ['tmux', '-S', str(self._socket), *words],
            check=check,
            capture_output=True,
            text=True,
            timeout=30,
        )
        return done.stdout
