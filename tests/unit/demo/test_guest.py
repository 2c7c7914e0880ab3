# SPDX-License-Identifier: Apache-2.0
"""The guest that consists of a serial port only."""

import re
import socket

import pytest

from console_ext.demo.guest import SerialGuest, Terminal

LOGIN = b'web-1 login: '
SHELL = b'alice@web-1:~$ '


@pytest.fixture
def terminal():
    return Terminal('web-1')


@pytest.fixture
def shell(terminal):
    """A terminal after the login."""
    terminal.type(b'alice\rsecret\r')
    return terminal


def test_login(terminal):
    """The name is echoed, the password is not."""
    assert terminal.greet().endswith(LOGIN)
    assert terminal.type(b'alice') == b'alice'
    assert terminal.type(b'\r') == b'\r\nPassword: '
    assert terminal.type(b'secret\x7f') == b''
    assert terminal.type(b'\r').endswith(SHELL)


@pytest.mark.parametrize('line_end', [b'\r', b'\n', b'\r\n'])
def test_line_ends(shell, line_end):
    """Every line end that a client may send counts as one."""
    assert shell.type(b'echo a' + line_end) == b'echo a\r\na\r\n' + SHELL


def test_line_end_in_two_parts(shell):
    """A line end may be split by the network."""
    assert shell.type(b'\r') == b'\r\n' + SHELL
    assert shell.type(b'\n') == b''
    assert shell.type(b'\n') == b'\r\n' + SHELL


@pytest.mark.parametrize(
    ('line', 'answer'),
    [
        (b'', rb''),
        (b'  ', rb''),
        (b'help', rb'help, date, .*\r\n'),
        (b'date', rb'\w{3} \w{3} \d\d [\d:]{8} UTC \d{4}\r\n'),
        (b'echo  a b ', rb' a b\r\n'),
        (b'hostname', rb'web-1\r\n'),
        (b'uptime', rb'up \d+ seconds\r\n'),
        (b'rm -rf /', rb'rm: command not found\r\n'),
        ('echo ж'.encode(), 'ж\r\n'.encode()),
        (b'echo \xff', '\ufffd\r\n'.encode()),
    ],
)
def test_commands(shell, line, answer):
    """A few commands are supported."""
    said = shell.type(line + b'\r').removeprefix(line + b'\r\n').removesuffix(SHELL)
    assert re.fullmatch(answer, said)


def test_exit(shell):
    """After exit, the next user can log in."""
    assert shell.type(b'exit\r').endswith(b'logout\r\n' + LOGIN)
    assert shell.type(b'bob\rx\r').endswith(b'bob@web-1:~$ ')


def test_correction(shell):
    """Backspace removes one character, and nothing at the start of the line."""
    assert shell.type(b'ab\x7f\x08\x08') == b'ab\b \b\b \b'
    assert shell.type(b'\x1b\x00\x01') == b''


def test_longest_line(shell):
    """A line without end is limited."""
    assert len(shell.type(b'x' * 10_000)) == 256
    assert shell.type(b'\r').endswith(SHELL)


def test_empty_name(terminal):
    """The guest asks for the name again."""
    assert terminal.type(b' \r').endswith(LOGIN)


def test_over_a_socket():
    """Two clients, one after the other, see the same terminal."""
    guest = SerialGuest('web-1')
    guest.start()
    try:
        for sent, last in ((b'alice\r', b'Password: '), (b'secret\r', SHELL)):
            with socket.create_connection(('127.0.0.1', guest.port), 5) as client:
                client.sendall(sent)
                seen = b''
                while not seen.endswith(last):
                    seen += client.recv(100)
    finally:
        guest.stop()
    with pytest.raises(OSError):
        socket.create_connection(('127.0.0.1', guest.port), 1)
