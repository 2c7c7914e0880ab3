# SPDX-License-Identifier: Apache-2.0
"""A link that delays what passes it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time

import pytest

from bench.pages import link
from tests.parts.peers import Guest
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for

DELAY_S = 0.1


@pytest.fixture
def port():
    """The port of a link to a guest that echoes."""
    guest = Guest()
    port = free_port()
    served: list[tuple[asyncio.AbstractEventLoop, asyncio.Task]] = []

    async def serve():
        served.append((asyncio.get_running_loop(), asyncio.current_task()))
        await link.main(port, guest.port, DELAY_S)

    def run():
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: listens(port))
    yield port
    ((loop, serving),) = served
    loop.call_soon_threadsafe(serving.cancel)
    thread.join(30)
    guest.close()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(('127.0.0.1', port)) == 0


def test_round_trips(port):
    """One for the connection, and one for each question."""
    started = time.monotonic()
    with socket.create_connection(('127.0.0.1', port), timeout=30) as connection:
        for round_trips in (2, 1):
            connection.sendall(b'x')
            assert connection.recv(10) == b'x'
            took = time.monotonic() - started
            assert took > 2 * DELAY_S * round_trips - 0.02
            started = time.monotonic()


def test_everything_passes(port):
    """In order, with many chunks on the way."""
    data = bytes(range(256)) * 8000
    received = bytearray()
    with socket.create_connection(('127.0.0.1', port), timeout=30) as connection:
        sending = threading.Thread(target=connection.sendall, args=(data,))
        sending.start()
        while len(received) < len(data):
            received += connection.recv(65536)
        sending.join()
    assert received == data


def test_the_end_passes(port):
    with socket.create_connection(('127.0.0.1', port), timeout=30) as connection:
        connection.sendall(b'x')
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(10) == b'x'
        assert connection.recv(10) == b''
