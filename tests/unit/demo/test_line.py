# SPDX-License-Identifier: Apache-2.0
"""The serial line between a guest and its clients."""

from __future__ import annotations

import socket

import pytest

from console_ext.demo.line import Line
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for

TIMEOUT_S = 30


class Guest:
    """A guest's serial port, as QEMU listens for it."""

    def __init__(self, port: int):
        self._listener = socket.create_server(('127.0.0.1', port))
        self.port = port
        self.connection: socket.socket | None = None

    def accept(self) -> socket.socket:
        self._listener.settimeout(TIMEOUT_S)
        self.connection, _ = self._listener.accept()
        self.connection.settimeout(TIMEOUT_S)
        return self.connection

    def close(self) -> None:
        self._listener.close()
        if self.connection is not None:
            self.connection.close()


@pytest.fixture
def guest():
    # Nobody gets its port while it is away.
    guest = Guest(free_port())
    yield guest
    guest.close()


@pytest.fixture
def line(guest):
    line = Line(guest.port)
    line.start()
    guest.accept()
    wait_for(lambda: line._guest is not None)
    yield line
    line.stop()


@pytest.fixture
def connect(line):
    opened = []

    def connect():
        opened.append(socket.create_connection(('127.0.0.1', line.port), TIMEOUT_S))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


def receive(connection, text):
    """Receive a text, and nothing else."""
    received = b''
    while len(received) < len(text):
        data = connection.recv(4096)
        assert data, received
        received += data
    assert received == text


def kept(line, text):
    """Wait until the line has taken what the guest printed."""
    wait_for(lambda: bytes(line._kept).endswith(text))


def test_both_ways(guest, line, connect):
    client = connect()
    client.sendall(b'typed')
    receive(guest.connection, b'typed')
    guest.connection.sendall(b'printed')
    receive(client, b'printed')


def test_output_before_the_first_client(guest, line, connect):
    guest.connection.sendall(b'banner\r\n\x1b[1mlogin: ')
    kept(line, b'login: ')
    receive(connect(), b'banner\r\n\x1b[1mlogin: ')


def test_the_next_client(guest, line, connect):
    """It gets the line of the prompt, without sequences that a terminal answers."""
    first = connect()
    guest.connection.sendall(b'banner\r\n\x1b[6n\x1b7\x1b[31mada@vm-1:~# \x1b[0m')
    receive(first, b'banner\r\n\x1b[6n\x1b7\x1b[31mada@vm-1:~# \x1b[0m')
    first.close()
    receive(connect(), b'ada@vm-1:~# ')


def test_only_the_end_is_kept(guest, line, connect):
    guest.connection.sendall(b'x' * 100_000 + b'the end')
    kept(line, b'the end')
    with connect() as client:
        text = b''
        while not text.endswith(b'the end'):
            text += client.recv(65536)
    assert len(text) == 16 * 1024


def test_clients_take_turns(guest, line, connect):
    first, second = connect(), connect()
    first.sendall(b'first')
    receive(guest.connection, b'first')
    second.sendall(b'second')
    guest.connection.sendall(b'to the first\r\n')
    receive(first, b'to the first\r\n')
    first.close()
    receive(guest.connection, b'second')
    guest.connection.sendall(b'to the second\r\n')
    receive(second, b'to the second\r\n')


def test_a_guest_that_starts_again(guest, line, connect):
    """The client stays connected."""
    client = connect()
    client.sendall(b'1')
    receive(guest.connection, b'1')
    guest.close()
    again = Guest(guest.port)
    try:
        again.accept().sendall(b'booted')
        receive(client, b'booted')
        client.sendall(b'2')
        receive(again.connection, b'2')
    finally:
        again.close()


def test_a_client_that_does_not_read(guest, line, connect):
    """The guest waits, but still gets what is typed; the next client is served."""
    client = connect()
    guest.connection.settimeout(0.5)
    with pytest.raises(TimeoutError):
        guest.connection.sendall(bytes(100_000_000))
    guest.connection.settimeout(TIMEOUT_S)
    client.sendall(b'\x03')
    receive(guest.connection, b'\x03')
    client.close()
    connect().sendall(b'next')
    receive(guest.connection, b'next')


def test_stop_while_all_wait(guest):
    """Connected to a guest and a client, or to none of them."""
    line = Line(guest.port)
    line.start()
    guest.accept()
    wait_for(lambda: line._guest is not None)
    with socket.create_connection(('127.0.0.1', line.port), TIMEOUT_S) as client:
        client.sendall(b'x')
        receive(guest.connection, b'x')
        line.stop()
        assert client.recv(1) == b''
    assert not any(thread.is_alive() for thread in line._threads)
    never = Line(guest.port)
    never.stop()
