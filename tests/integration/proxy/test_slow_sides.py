# SPDX-License-Identifier: Apache-2.0
"""Clients and guests that read late, or leave while the other side waits."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time

import pytest

from tests.functional.proxy.wire import frame, receive_until, upgrade
from tests.parts.authority import self_signed
from tests.parts.peers import reset
from tests.parts.waiting import wait_for

MIB = 2**20
PING = b'\x89\x00'


@pytest.fixture(params=['asyncio', 'uvloop'])
def loop(request, monkeypatch):
    """The event loop of the proxy."""
    if request.param == 'asyncio':
        monkeypatch.setitem(sys.modules, 'uvloop', None)
    return request.param


@pytest.fixture(params=['plain', 'TLS'])
def opened(request, served, trusting, tmp_path, loop):
    """Opens a session with a guest: its client's connection.

    The client's own buffers are small.
    """
    if request.param == 'TLS':
        cert, key = self_signed(tmp_path)
        served.start(DEFAULT={'cert': str(cert), 'key': str(key)})
    else:
        served.start()

    def open_session(serve):
        client = served.raw()
        if request.param == 'TLS':
            client = trusting.wrap_socket(client)
        client.sendall(upgrade(f'/?token={served.token(served.guest(serve))}'))
        receive_until(client, b'\r\n\r\n')
        return client

    return open_session


def test_what_comes_before_the_end_arrives(opened):
    """A client that sends many frames and disconnects at once, as websocat does."""
    received = bytearray()
    ended = threading.Event()

    def take(connection):
        while data := connection.recv(65536):
            received.extend(data)
        ended.set()

    client = opened(take)
    close = frame(struct.pack('!H', 1000), 8)
    client.sendall(frame(b'x', 2) * 5000 + close)
    if hasattr(client, 'unwrap'):
        with contextlib.suppress(OSError):
            client.unwrap()
    client.shutdown(socket.SHUT_WR)
    assert ended.wait(30)
    assert received == b'x' * 5000


# The timeout is longer than this process may be held on a busy machine.
PINGING = {'ping_interval': 0.1, 'ping_timeout': 3}


def pasted(served, serve, length):
    """A client that pastes; another thread answers its pings."""
    client = served.raw()
    client.sendall(upgrade(f'/?token={served.token(served.guest(serve))}'))
    receive_until(client, b'\r\n\r\n')
    lock = threading.Lock()
    heard = bytearray()

    def answer():
        with contextlib.suppress(OSError):
            while data := client.recv(1000):
                heard.extend(data)
                with lock:
                    client.sendall(frame(b'', 10) * data.count(PING))

    def paste():
        with contextlib.suppress(OSError):
            for _ in range(length // 65536):
                with lock:
                    client.sendall(frame(b'x' * 65536, 2))

    threads = [threading.Thread(target=one, daemon=True) for one in (answer, paste)]
    for thread in threads:
        thread.start()
    return client, heard


def test_a_long_paste_to_a_slow_guest(served, loop):
    """It takes longer than the ping timeout, and every byte arrives."""
    served.start(console_proxy=PINGING)
    length = 16 * MIB
    received = [0]

    def crawl(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        # Nothing for long enough, and then everything at once.
        time.sleep(5)
        while data := connection.recv(MIB):
            received[0] += len(data)

    _, heard = pasted(served, crawl, length)
    wait_for(lambda: received[0] == length)
    # A ping at each interval, even while the client is not read.
    assert heard.count(PING) >= 5
    assert b'\x88' not in heard


def test_a_client_that_leaves_while_its_guest_is_full(served, loop):
    """Its machine rejects the next ping."""
    served.start(console_proxy=PINGING)
    leave = threading.Event()
    client = served.raw()
    token = served.token(served.guest(lambda _: leave.wait(60)))
    client.sendall(upgrade(f'/?token={token}'))
    receive_until(client, b'\r\n\r\n')
    client.settimeout(1)
    rest = memoryview(frame(bytes(64 * MIB // 64), 2) * 64)
    # The first timeout could mean that this process was held.
    for _ in range(2):
        with contextlib.suppress(TimeoutError):
            while rest:
                rest = rest[client.send(rest[:65536]) :]
    assert rest
    client.settimeout(30)
    receive_until(client, PING * 40)
    assert not served.store.released
    reset(client)
    wait_for(lambda: served.store.released)
    leave.set()


def test_a_project_has_room_for_so_much(served, loop):
    """A session that exceeds the limit is closed; those that keep up continue."""
    served.start(console_proxy={'max_unsent_bytes_per_project': MIB})
    leave = threading.Event()
    sessions = [pasted(served, lambda _: leave.wait(60), 16 * MIB)[1] for _ in range(8)]
    reason = b"The proxy's memory for this project's consoles is full"
    wait_for(lambda: sum(reason in heard for heard in sessions) >= 3)
    client = served.connect(served.token(served.guest()))
    client.send(b'x')
    assert client.recv(timeout=30) == b'x'
    assert not all(reason in heard for heard in sessions)
    leave.set()
