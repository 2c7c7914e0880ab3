# SPDX-License-Identifier: Apache-2.0
"""Bytes between a real client and a guest, and the end of a session."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed

from tests.functional.proxy.wire import (
    closed,
    frame,
    receive_for_ever,
    receive_until,
    upgrade,
)
from tests.parts.peers import reset
from tests.parts.waiting import wait_for

MIB = 2**20


def test_what_is_typed_comes_back(proxy):
    """Bytes go in both directions, and arrive as binary frames."""
    client = proxy.connect(proxy.token(proxy.guest()))
    client.send(b'hello\r')
    assert client.recv(timeout=30) == b'hello\r'


def test_the_guest_speaks_first(proxy):
    """The first output of a guest is not lost."""
    client = proxy.connect(proxy.token(proxy.guest(lambda c: c.sendall(b'login: '))))
    assert client.recv(timeout=30) == b'login: '


def test_text_frames_are_typed(proxy):
    """A terminal in a web page sends text; the guest gets its UTF-8 bytes."""
    guest = proxy.guest()
    client = proxy.connect(proxy.token(guest))
    client.send('grüße\r')
    assert client.recv(timeout=30) == 'grüße\r'.encode()


def test_fragments_are_passed_on(proxy):
    """The bytes of all fragments arrive, even if a character is split."""
    guest = proxy.guest()
    client = proxy.connect(proxy.token(guest))
    client.send([b'a' * 10, b'b' * 10])
    wait_for(lambda: guest.received == b'a' * 10 + b'b' * 10)


def test_frames_that_come_with_the_request_are_kept(proxy):
    """A client that does not wait for status 101 loses nothing."""
    guest = proxy.guest()
    request = upgrade(f'/?token={proxy.token(guest)}')
    with proxy.raw() as client:
        client.sendall(request + frame(b'early', 2))
        wait_for(lambda: guest.received == b'early')


def test_bulk_data_comes_in_large_frames(proxy):
    """64 MiB from guest to client arrive intact, in large frames."""
    total = 64 * MIB

    def flood(connection):
        for number in range(total // MIB):
            connection.sendall(bytes([number]) * MIB)

    client = proxy.connect(proxy.token(proxy.guest(flood)))
    received, frames, largest = 0, 0, 0
    while received < total:
        data = client.recv(timeout=30)
        received += len(data)
        frames += 1
        largest = max(largest, len(data))
    assert largest <= 256 * 1024
    assert total / frames > 32 * 1024


def test_the_guest_ends_its_half(proxy):
    """The client gets code 1000, and what it sent before still arrives."""
    got = bytearray()
    ended = threading.Event()

    def serve(connection):
        connection.sendall(b'bye')
        connection.shutdown(socket.SHUT_WR)
        while data := connection.recv(1000):
            got.extend(data)
        ended.set()

    with proxy.raw() as client:
        client.sendall(upgrade(f'/?token={proxy.token(proxy.guest(serve))}'))
        answer = receive_until(client, b'The guest ended the console.')
        assert b'bye' in answer
        client.sendall(frame(b'last words', 2) + frame(struct.pack('!H', 1000), 8))
        assert ended.wait(30)
    assert got == b'last words'


def test_the_guest_is_killed(proxy):
    """A reset by the guest leads to close code 1011."""

    def serve(connection):
        connection.recv(1)
        reset(connection)

    client = proxy.connect(proxy.token(proxy.guest(serve)))
    client.send(b'x')
    assert closed(client) == (1011, 'The connection to the guest was lost.')
    wait_for(lambda: proxy.store.released)


def test_the_client_closes(proxy):
    """The guest's connection ends, and the grant is released."""
    ended = threading.Event()

    def serve(connection):
        while connection.recv(1000):
            pass
        ended.set()

    client = proxy.connect(proxy.token(proxy.guest(serve)))
    client.close()
    assert ended.wait(30)
    wait_for(lambda: proxy.store.released and not proxy.store.open_sockets)


def test_the_client_vanishes(proxy):
    """The session of a client that is cut off ends."""
    client = proxy.raw()
    client.sendall(upgrade(f'/?token={proxy.token(proxy.guest())}'))
    receive_until(client, b'\r\n\r\n')
    reset(client)
    wait_for(lambda: proxy.store.released)


def test_a_frame_over_the_limit_is_too_big(served):
    """The limit is [console_proxy] max_frame_bytes."""
    proxy = served.start(console_proxy={'max_frame_bytes': 1000})
    client = proxy.connect(proxy.token(proxy.guest()))
    client.send(b'x' * 1000)
    assert client.recv(timeout=30)
    client.send(b'x' * 1001)
    assert closed(client)[0] == 1009


@pytest.mark.parametrize(
    ('sent', 'code'),
    [
        (b'\x82\x05hello', 1002),  # not masked
        (b'\xc2\x81maskx', 1002),  # a reserved bit
        (b'\x83\x81maskx', 1002),  # an unknown opcode
        (b'\x80\x81maskx', 1002),  # a continuation of nothing
        (b'\x09\x81maskx', 1002),  # a fragmented ping
        (b'\x81\x81mask' + bytes([ord('m') ^ 0xFF]), 1007),  # text that is not UTF-8
        (b'\x88\x81maskx', 1002),  # half a close code
    ],
)
def test_frames_that_break_the_protocol(proxy, sent, code):
    """Each has its close code."""
    with proxy.raw() as client:
        client.sendall(upgrade(f'/?token={proxy.token(proxy.guest())}'))
        receive_until(client, b'\r\n\r\n')
        client.sendall(sent)
        assert receive_until(client, struct.pack('!H', code))[0] == 0x88


def test_a_spice_console_takes_no_text(proxy):
    """SPICE is binary: close code 1003."""
    token = proxy.token(proxy.guest(), console_type='spice-html5')
    client = proxy.connect(token, name='SPICE')
    client.send('text')
    assert closed(client)[0] == 1003


def test_a_silent_client_is_pinged(served):
    """At each ping_interval, so that no load balancer closes the session."""
    proxy = served.start(console_proxy={'ping_interval': 0.1})
    with proxy.raw() as client:
        client.sendall(upgrade(f'/?token={proxy.token(proxy.guest())}'))
        receive_until(client, b'\r\n\r\n')
        assert client.recv(2) == b'\x89\x00'
        client.sendall(frame(b'', 10))
        assert client.recv(2) == b'\x89\x00'


def test_a_dead_client_is_reaped(served):
    """One that does not answer pings."""
    proxy = served.start(console_proxy={'ping_interval': 0.1, 'ping_timeout': 0.2})
    with proxy.raw() as client:
        client.sendall(upgrade(f'/?token={proxy.token(proxy.guest())}'))
        answer = receive_until(client, b'The client did not answer pings.')
        assert b'\x89\x00' in answer


def test_an_idle_session_ends(served):
    """After idle_timeout without data in either direction; pongs do not count."""
    settings = {'ping_interval': 0.1, 'idle_timeout': 0.5}
    proxy = served.start(console_proxy=settings)
    client = proxy.connect(proxy.token(proxy.guest()))
    echoed_at = time.monotonic()
    # It ends earlier if this process is held for so long.
    with contextlib.suppress(ConnectionClosed):
        for _ in range(4):
            time.sleep(0.2)
            sent_at = time.monotonic()
            client.send(b'x')
            assert client.recv(timeout=30) == b'x'
            echoed_at = sent_at
    assert closed(client) == (1008, 'The session was idle for too long.')
    assert time.monotonic() - echoed_at >= 0.5


def test_a_session_ends_when_the_store_has_said(served):
    """Even if the session is busy."""
    proxy = served.start(console_proxy={'max_session_time': 0.7})
    client = proxy.connect(proxy.token(proxy.guest()))
    ended = (1008, 'The session has reached its maximum duration.')
    with pytest.raises(ConnectionClosed) as caught:
        receive_for_ever(client, b'x')
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == ended


def test_sessions_outlive_the_store(proxy):
    """Sessions continue while the store is unavailable."""
    client = proxy.connect(proxy.token(proxy.guest()))
    proxy.store.away.set()
    called = proxy.store.called
    wait_for(lambda: proxy.store.called >= called + 3)
    client.send(b'x')
    assert client.recv(timeout=30) == b'x'
    proxy.store.away.clear()
