# SPDX-License-Identifier: Apache-2.0
"""The terminal is set to raw mode, and restored."""

from __future__ import annotations

import contextlib
import os
import select
import termios

import pytest

from console_ext.client.terminal import Terminal


class Screen:
    """Both ends of a pseudo-terminal."""

    def __init__(self):
        self.ours, self.theirs = os.openpty()

    def shown(self):
        os.write(self.theirs, b'<end>')
        found = b''
        while not found.endswith(b'<end>'):
            assert select.select([self.ours], [], [], 30)[0], found
            found += os.read(self.ours, 65536)
        return found.removesuffix(b'<end>')

    def modes(self):
        return termios.tcgetattr(self.theirs)

    def close(self):
        for fd in (self.ours, self.theirs):
            if fd >= 0:
                os.close(fd)


@pytest.fixture
def screen():
    made = Screen()
    yield made
    made.close()


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def terminal_of(screen, term='xterm-256color'):
    return Terminal(screen.theirs, screen.theirs, screen.theirs, term)


def test_raw_and_back(screen):
    before = screen.modes()
    terminal = terminal_of(screen)
    assert terminal.is_interactive
    terminal.attach('web-1')
    local = screen.modes()[3]
    assert not local & (termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
    terminal.restore()
    assert screen.modes() == before
    terminal.restore()
    assert screen.modes() == before


def test_title(screen):
    """The window's title is set and restored; it cannot contain control characters."""
    terminal = terminal_of(screen)
    terminal.attach('we\x1b]0;b\x07')
    shown = screen.shown()
    assert shown == b'\x1b[22;2t\x1b]2;we\\x1b]0;b\\x07\x1b\\'
    terminal.restore()
    assert screen.shown().endswith(b'\x1b[23;2t')


def test_what_a_guest_has_turned_on_is_turned_off(screen):
    terminal = terminal_of(screen)
    terminal.attach('web-1')
    screen.shown()
    terminal.restore()
    shown = screen.shown()
    for one in (b'\x1b[?25h', b'\x1b[0m', b'\x1b[?2004l', b'\x1b[?1003l', b'\x1b[=0u'):
        assert one in shown
    terminal.restore()
    assert screen.shown() == b''


@pytest.mark.parametrize('term', ['', 'dumb', 'linux', 'vt100'])
def test_terminals_without_sequences(screen, term):
    """Plain terminals would show the sequences as text."""
    terminal = terminal_of(screen, term)
    terminal.attach('web-1')
    terminal.restore()
    assert screen.shown() == b''


def test_never_attached(screen):
    terminal_of(screen).restore()
    assert screen.shown() == b''


def test_the_rest_of_a_paste_is_not_for_the_shell(screen):
    terminal = terminal_of(screen)
    terminal.attach('web-1')
    os.write(screen.ours, b'rm -rf /\n')
    assert select.select([screen.theirs], [], [], 30)[0]
    terminal.restore()
    assert not select.select([screen.theirs], [], [], 0.1)[0]


def test_pipes(pipe, screen):
    """Pipes have no raw mode, and get no terminal sequences."""
    terminal = Terminal(pipe[0], pipe[1], pipe[1], 'xterm')
    assert not terminal.is_interactive
    terminal.attach('web-1')
    terminal.say('connected.')
    terminal.restore()
    assert os.read(pipe[0], 1000) == b'console-ext: connected.\n'
    assert terminal.size() is None


def test_output_into_a_pipe(pipe, screen):
    """The keyboard is in raw mode; the file only gets the guest's output."""
    terminal = Terminal(screen.theirs, pipe[1], screen.theirs, 'xterm')
    before = screen.modes()
    terminal.attach('web-1')
    assert screen.modes() != before
    terminal.restore()
    assert screen.modes() == before
    assert not select.select([pipe[0]], [], [], 0.1)[0]


def test_closed_descriptor():
    terminal = Terminal(-1, -1, -1, 'xterm')
    assert not terminal.is_interactive
    terminal.say('nobody reads this.')
    terminal.restore()


def test_messages(screen):
    """Messages start on a new line, wherever the cursor is."""
    terminal = terminal_of(screen, 'dumb')
    terminal.say('before.')
    assert screen.shown() == b'console-ext: before.\r\n'
    terminal.attach('web-1')
    terminal.say('raw.')
    assert screen.shown() == b'\r\nconsole-ext: raw.\r\n'
    terminal.restore()
    terminal.say('after.')
    assert screen.shown().replace(b'\r\r', b'\r') == b'\r\nconsole-ext: after.\r\n'


def test_messages_with_control_characters(screen):
    """A server's name comes from another user, who must not control the terminal."""
    terminal_of(screen).say('connected to \x1b]2;a\r\nb\x9bJ' + 900 * 'x')
    shown = screen.shown()
    assert b'\x1b' not in shown
    assert '\x9b'.encode() not in shown
    assert shown.count(b'\n') == 1
    assert b'\\x1b]2;a' in shown
    assert b'more characters' in shown


def test_size(screen):
    termios.tcsetwinsize(screen.theirs, (50, 132))
    size = terminal_of(screen).size()
    assert (size.lines, size.columns) == (50, 132)


def test_a_window_that_was_closed(screen):
    """Nothing is restored, and there is no error."""
    terminal = terminal_of(screen)
    terminal.attach('web-1')
    os.close(screen.ours)
    screen.ours = -1
    terminal.restore()
    terminal.say('left.')


def test_continued_in_a_window_that_was_closed(screen):
    """The kernel sends SIGCONT after the SIGHUP of a closed window."""
    terminal = terminal_of(screen)
    terminal.attach('web-1')
    os.close(screen.ours)
    screen.ours = -1
    terminal.resume()
    terminal.restore()


def test_a_window_that_takes_nothing(screen):
    """A blocked terminal does not keep the client from ending."""
    terminal = terminal_of(screen)
    before = screen.modes()
    terminal.attach('web-1')
    os.set_blocking(screen.theirs, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(screen.theirs, b'x' * 4096)
    os.set_blocking(screen.theirs, True)
    terminal.restore()
    assert screen.modes() == before


def test_gone_before(screen):
    terminal = terminal_of(screen)
    os.close(screen.ours)
    screen.ours = -1
    with pytest.raises(OSError, match='Input/output'):
        terminal.attach('web-1')
