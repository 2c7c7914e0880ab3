# SPDX-License-Identifier: Apache-2.0
"""One client's flood does not delay the keys of others; with a proxy process."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from tests.functional.proxy.wire import frame, receive_until
from tests.integration.proxy.process import ProxyProcess
from tests.parts.peers import Guest
from tests.parts.waiting import wait_for

KEYS = 100
KEY = frame(b'k', 2)
ECHO_BYTES = 3

# Loose ceilings for a busy machine: the median is a few milliseconds.  One that pauses
# delays a few keys for longer, so the slowest ones are not judged.
MEDIAN_S = 0.5
ANSWER_S = 15.0

MIB = 2**20


@pytest.fixture(params=['asyncio', 'uvloop'])
def loop(request):
    return request.param


def key_s(client: socket.socket) -> float:
    """The time until the guest answers a key."""
    started = time.perf_counter()
    client.sendall(KEY)
    received = 0
    while received < ECHO_BYTES:
        received += len(client.recv(ECHO_BYTES - received))
    return time.perf_counter() - started


@pytest.mark.wall_clock
@pytest.mark.parametrize(
    'kinds',
    [('empty', 'byte', 'ping', 'fragment'), ('large',) * 4],
    ids=['tiny', 'large'],
)
def test_four_clients_flood(programs, deployment, loop, kinds):
    """Another client's keys, the health check and a new console are not delayed."""
    guest = Guest()
    proxy = ProxyProcess(programs, deployment, guest, loop)
    with proxy.session() as client:
        for kind in kinds:
            proxy.flood(kind)
        taken = sorted(key_s(client) for _ in range(KEYS))
        assert taken[KEYS // 2] < MEDIAN_S
        assert taken[KEYS * 9 // 10] < 2 * MEDIAN_S
    started = time.perf_counter()
    with proxy.connect() as client:
        client.sendall(b'GET /healthcheck HTTP/1.1\r\nHost: console\r\n\r\n')
        assert receive_until(client, b'\r\n\r\n').startswith(b'HTTP/1.1 200')
    with proxy.session() as client:
        key_s(client)
    assert time.perf_counter() - started < ANSWER_S
    guest.close()


def test_unfinished_frames_cost_nothing(programs, deployment, loop):
    """150 clients send all but the last byte of a frame of 1 MiB, and then the last."""
    received = []

    def take(connection):
        while data := connection.recv(MIB):
            received.append(len(data))

    guest = Guest(take)
    proxy = ProxyProcess(programs, deployment, guest, loop)
    sent = frame(bytes(MIB), 2)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(proxy.session()) for _ in range(150)]
        clients[0].sendall(sent)
        wait_for(lambda: sum(received) == MIB)
        before = proxy.pss()
        # One after the other, because freed memory is not returned at once.
        for number, client in enumerate(clients, 1):
            client.sendall(sent[:-1])
            wait_for(lambda n=number: sum(received) == MIB + n * (MIB - 1))
        assert (proxy.pss() - before) / 150 < 32 * 1024
        for client in clients:
            client.sendall(sent[-1:])
        wait_for(lambda: sum(received) == 151 * MIB)
    guest.close()
