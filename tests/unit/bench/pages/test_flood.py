# SPDX-License-Identifier: Apache-2.0
"""The guest that prints without pause, with a terminal that answers."""

from __future__ import annotations

import socket
import time

import pytest

from bench.pages.flood import Guest
from tests.parts.waiting import wait_for

SIZE = 300_000
TIMEOUT_S = 20


class Terminal:
    """A terminal that processes everything at once."""

    def __init__(self, port: int):
        self._connection = socket.create_connection(('127.0.0.1', port), TIMEOUT_S)
        self.shown = b''

    def type(self, keys: bytes) -> None:
        self._connection.sendall(keys)

    def process_until(self, text: bytes) -> None:
        while text not in self.shown:
            self.shown += self._connection.recv(4096)
        if text == b'\x1b[5n':
            # In two parts, as a connection may cut it.
            self.type(b'\x1b[')
            time.sleep(0.05)
            self.type(b'0n')
        elif text == b'\x1b[c':
            self.type(b'\x1b[?1;2c')
        self.shown = self.shown.replace(text, b'', 1)

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def guest():
    guest = Guest(SIZE)
    yield guest
    guest.close()


def test_output_and_echoes(guest):
    """Each key has an echo and one answer; the last answer is the end."""
    terminal = Terminal(guest.port)
    session = guest.accept()
    session.start()
    for number in (1, 2):
        terminal.type(b'k')
        terminal.process_until(b'\x1b[5n')
        wait_for(lambda number=number: len(session.echoes) == number)
    assert session.runs
    terminal.process_until(b'\x1b[c')
    wait_for(lambda: not session.runs, TIMEOUT_S)
    assert 0 < session.seconds < TIMEOUT_S
    assert len(terminal.shown) == SIZE + 2
    session.close()
    terminal.close()


def test_a_question_that_is_lost(guest):
    """It is asked again."""
    terminal = Terminal(guest.port)
    session = guest.accept()
    session.start()
    while terminal.shown.count(b'\x1b[c') < 2:
        terminal.shown += terminal._connection.recv(65536)
    assert session.runs
    terminal.type(b'\x1b[?1;2c')
    wait_for(lambda: not session.runs, TIMEOUT_S)
    session.close()
    terminal.close()


def test_a_terminal_that_is_closed(guest):
    terminal = Terminal(guest.port)
    session = guest.accept()
    session.start()
    terminal.close()
    wait_for(lambda: not session.runs, TIMEOUT_S)
    session.close()
