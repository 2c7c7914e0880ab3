# SPDX-License-Identifier: Apache-2.0
"""One client's flood does not delay the keys of others; with a proxy process."""

from __future__ import annotations

import contextlib
import socket
import time

import psutil
import pytest

from tests.functional.proxy.conftest import BASE
from tests.functional.proxy.wire import frame, receive_until, upgrade
from tests.parts.peers import Guest
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for

KEYS = 100
KEY = frame(b'k', 2)
ECHO_BYTES = 3

# A generous limit for a busy machine; the median is a few milliseconds.
MEDIAN_S = 0.25
LAST_S = 1.0
ANSWER_S = 3.0

MIB = 2**20


class Program:
    """A proxy in a process of its own."""

    def __init__(self, programs, deployment, guest, loop, **settings):
        self._programs = programs
        self._numbers = iter(range(10000))
        self._port = free_port()
        deployment.configure(**BASE).configure(
            serial_console={'serialproxy_port': self._port},
            spice={'html5proxy_port': free_port(), 'html5proxy_web': deployment.path},
            console_proxy={'max_sessions_per_server': 0, **settings},
        )
        self.program = programs.start_module(
            'tests.functional.proxy.program',
            *(str(guest.port), str(deployment.path / 'pids')),
            *('--config-file', str(deployment.config_file)),
            EVENT_LOOP=loop,
        )
        self.program.wait_for('Listening for SPICE consoles')
        self._process = psutil.Process(self.program.process.pid)

    def token(self) -> str:
        return f'token-{next(self._numbers)}'

    def connect(self) -> socket.socket:
        return socket.create_connection(('127.0.0.1', self._port), timeout=30)

    @contextlib.contextmanager
    def session(self):
        with self.connect() as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.sendall(upgrade(f'/?token={self.token()}'))
            assert receive_until(client, b'\r\n\r\n').startswith(b'HTTP/1.1 101')
            yield client

    def flood(self, kind: str) -> None:
        self._programs.start_module(
            'tests.integration.proxy.flood', str(self._port), self.token(), kind
        ).wait_for('Flooding')

    def pss(self) -> int:
        return self._process.memory_full_info().pss


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
    proxy = Program(programs, deployment, guest, loop)
    with proxy.session() as client:
        for kind in kinds:
            proxy.flood(kind)
        taken = sorted(key_s(client) for _ in range(KEYS))
        assert taken[KEYS // 2] < MEDIAN_S
        assert taken[-1] < LAST_S
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
    proxy = Program(programs, deployment, guest, loop)
    sent = frame(bytes(MIB), 2)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(proxy.session()) for _ in range(150)]
        clients[0].sendall(sent)
        wait_for(lambda: sum(received) == MIB)
        before = proxy.pss()
        # One after the other, because freed memory is not returned at once.
        for number, client in enumerate(clients, 1):
            client.sendall(sent[:-1])
            wait_for(lambda n=number: sum(received) == MIB + n * (MIB - 1), 10)
        assert (proxy.pss() - before) / 150 < 32 * 1024
        for client in clients:
            client.sendall(sent[-1:])
        wait_for(lambda: sum(received) == 151 * MIB, 60)
    guest.close()
