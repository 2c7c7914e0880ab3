# SPDX-License-Identifier: Apache-2.0
"""What a simulated user measures on a console."""

from __future__ import annotations

import asyncio

import pytest

from bench.soak.connection import Door
from bench.soak.console import Console, frames


class User:
    def __init__(self):
        self.keys = []
        self.losses = []

    def echoed(self, key):
        self.keys.append(key)

    def lost(self, console, why):
        self.losses.append(why)


class Transport:
    def __init__(self):
        self.written = b''
        self.closed = False

    def get_extra_info(self, name):
        return self

    def setsockopt(self, *_):
        pass

    def is_closing(self):
        return self.closed

    def write(self, data):
        self.written += data

    def close(self):
        self.closed = True


def open_console():
    """A console that has been opened, and its user."""

    async def make():
        console, user = Console(Door(1)), User()
        console.connection_made(Transport())
        console.data_received(b'HTTP/1.1 101 Switching Protocols\r\n\r\n')
        assert await console.answer == 101
        console.begin(user)
        return console, user

    return asyncio.run(make())


def test_echo():
    """Echoes are recognised in complete, split and joined frames."""
    console, user = open_console()
    for key in b'abc':
        console.type(key)
    for part in (b'\x82\x01a\x82', b'\x02b', b'c'):
        console.data_received(part)
    assert len(user.keys) == 3
    assert all(0 <= key.took < 1 for key in user.keys)
    assert user.losses == []
    assert console.unanswered() == []


def test_unanswered():
    console, user = open_console()
    console.type(ord('a'))
    (key,) = console.unanswered()
    assert key.took >= 0
    assert user.keys == []


@pytest.mark.parametrize(
    ('data', 'why'),
    [
        (b'\x82\x01b', 'a wrong echo'),
        (b'\x82\x02aa', 'a wrong echo'),
        (b'\x88\x06\x03\xf3busy', 'closed with 1011 busy'),
    ],
)
def test_lost(data, why):
    console, user = open_console()
    console.type(ord('a'))
    console.data_received(data)
    assert user.losses == [why]
    assert not console.is_open


def test_cut():
    console, user = open_console()
    console.connection_lost(None)
    assert user.losses == ['cut']


def test_hanging_up_is_no_loss():
    console, user = open_console()
    console.hang_up()
    console.data_received(b'\x88\x02\x03\xe8')
    console.connection_lost(None)
    assert user.losses == []


def test_ping_is_answered():
    console, _ = open_console()
    console.data_received(b'\x89\x00')
    assert console._transport.written.endswith(b'\x8a\x80\0\0\0\0')


@pytest.mark.parametrize('length', [0, 125, 126, 65535, 65536])
def test_frames(length):
    """Frames of any length are parsed when they are complete."""
    payload = bytes(length)
    if length < 126:
        head = bytes([0x82, length])
    elif length < 65536:
        head = b'\x82\x7e' + length.to_bytes(2, 'big')
    else:
        head = b'\x82\x7f' + length.to_bytes(8, 'big')
    data = bytearray((head + payload)[:-1])
    assert frames(data) == []
    data += (head + payload)[-1:] + b'\x89'
    assert frames(data) == [(2, payload)]
    assert data == b'\x89'
