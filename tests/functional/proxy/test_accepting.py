# SPDX-License-Identifier: Apache-2.0
"""New connections: very many at once, silent ones, and more than there is room for."""

from __future__ import annotations

import contextlib
import select
import signal
import socket

import psutil
import pytest

from console_ext.proxy import descriptors
from tests.functional.proxy.conftest import BASE
from tests.functional.proxy.wire import frame, receive_until, upgrade
from tests.parts.peers import Guest
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for

# The servers of asyncio and uvloop have a backlog of 100.
BACKLOG = 600

# Not enough for all that connect: a session needs two.
DESCRIPTORS = 400

# A limit for what is expected to come.
ANSWER_S = 30


class Proxy:
    """console-ext-proxy in a process of its own, and a guest that echoes."""

    def __init__(self, programs, deployment, env, **groups):
        self.port = free_port()
        self._guest = Guest()
        self.close = contextlib.ExitStack()
        self.close.callback(self._guest.close)
        deployment.configure(**BASE).configure(
            serial_console={'serialproxy_port': self.port},
            spice={'html5proxy_port': free_port(), 'html5proxy_web': deployment.path},
        ).configure(**groups)
        self.program = programs.start_module(
            'tests.functional.proxy.program',
            *(str(self._guest.port), str(deployment.path / 'pids')),
            *('--config-file', str(deployment.config_file)),
            **env,
        )
        self.program.wait_for('Listening for SPICE consoles')

    def connect(self) -> socket.socket:
        """A connection that the kernel has made, whether it is accepted or not."""
        made = socket.create_connection(('127.0.0.1', self.port), timeout=30)
        return self.close.enter_context(made)

    def ask(self, number: int) -> socket.socket:
        """A connection that requests a session."""
        made = self.connect()
        made.sendall(upgrade(f'/?token=token-{number}'))
        return made

    def open(self, number: int, client: socket.socket | None = None) -> socket.socket:
        """A session, after as many attempts as it takes.

        :param client: the first one
        """
        for _ in range(100):
            client = client or self.ask(number)
            status = answered(client, ANSWER_S)
            if status == 101:
                return client
            assert status == 503
            client.close()
            client = None
        raise AssertionError('not with 100 attempts')


@pytest.fixture
def start(programs, deployment, event_loop_name):
    """A function that starts the program with either event loop."""
    started = []

    def start(env=(), **groups):
        env = {'EVENT_LOOP': event_loop_name, **dict(env)}
        started.append(Proxy(programs, deployment, env, **groups))
        return started[-1]

    yield start
    for one in started:
        one.close.close()


@pytest.fixture(params=['asyncio', 'uvloop'])
def event_loop_name(request):
    if request.param == 'uvloop':
        pytest.importorskip('uvloop')
    return request.param


def answered(client: socket.socket, within_s: float = 0) -> int | None:
    """The status of the answer; None if there is none yet, 0 after a close."""
    if not select.select([client], [], [], within_s)[0]:
        return None
    try:
        head = receive_until(client, b'\r\n\r\n')
    except (ConnectionError, AssertionError):
        return 0
    return int(head.split()[1])


def is_connected(client: socket.socket) -> bool:
    try:
        client.getpeername()
    except OSError:
        return False
    return True


def echoes(client: socket.socket) -> bool:
    client.sendall(frame(b'key', 2))
    return receive_until(client, b'key').endswith(b'key')


def test_many_connect_at_once(start):
    """Connections succeed at the first attempt while the proxy is busy."""
    proxy = start()
    clients = [proxy.close.enter_context(socket.socket()) for _ in range(BACKLOG)]
    proxy.program.process.send_signal(signal.SIGSTOP)
    try:
        for client in clients:
            client.setblocking(False)
            client.connect_ex(('127.0.0.1', proxy.port))
        # Those for which there is no room would retry in vain.
        wait_for(lambda: all(map(is_connected, clients)))
    finally:
        proxy.program.process.send_signal(signal.SIGCONT)


def test_silent_clients_where_descriptors_are_few(start, certificate, trusting):
    """Clients that do not start the TLS handshake are closed, the oldest first."""
    cert_file, key_file = certificate()
    proxy = start(
        {'DESCRIPTORS': str(DESCRIPTORS)},
        DEFAULT={'cert': cert_file, 'key': key_file},
        console_proxy={'handshake_timeout': 60},
    )
    silent = [proxy.connect() for _ in range(DESCRIPTORS + 50)]
    client = trusting.wrap_socket(proxy.connect())
    client.sendall(upgrade('/?token=token-1'))
    assert receive_until(client, b'\r\n\r\n').startswith(b'HTTP/1.1 101')
    assert echoes(client)
    assert answered(silent[0], ANSWER_S) == 0
    assert answered(silent[-1]) is None
    client.close()


def test_more_sessions_than_descriptors(start):
    """Each client gets a session or status 429."""
    proxy = start(
        {'DESCRIPTORS': str(DESCRIPTORS)},
        console_proxy={'max_sessions_per_client': 0, 'max_sessions_per_server': 0},
    )
    most = descriptors.share(DESCRIPTORS).sessions
    clients = [proxy.ask(number) for number in range(DESCRIPTORS)]
    statuses = [answered(client, ANSWER_S) for client in clients]
    assert statuses.count(101) == most
    assert statuses.count(429) == DESCRIPTORS - most
    assert f'allows only {most} sessions' in proxy.program.log
    assert 'Too many open files' not in proxy.program.log


def test_out_of_descriptors(start):
    """Sessions continue, and new clients wait until descriptors are free."""
    proxy = start(
        # No heartbeat meanwhile, for which the store opens a journal.
        console_proxy={'handshake_timeout': 60, 'heartbeat_interval': 20},
        # After the first redeem, the store opens no more files.
        database={'max_pool_size': 1, 'max_overflow': 0},
    )
    session = proxy.ask(0)
    assert answered(session, ANSWER_S) == 101
    process = psutil.Process(proxy.program.process.pid)
    limit = process.num_fds() + 10
    silent = [proxy.connect() for _ in range(10)]
    wait_for(lambda: process.num_fds() == limit)
    process.rlimit(psutil.RLIMIT_NOFILE, (limit, limit))
    waiting = [proxy.ask(number) for number in range(1, 5)]
    proxy.program.wait_for('Cannot accept serial clients')
    assert echoes(session)

    # Each waiting client needs two descriptors, which two silent clients had.
    clients = [proxy.open(number, client) for number, client in enumerate(waiting, 1)]
    clients.append(proxy.open(5))
    assert [answered(client, ANSWER_S) for client in silent] == [0] * 10
    assert all(echoes(client) for client in clients)

    # Now all descriptors are used until a client leaves.
    last = proxy.ask(6)
    assert answered(last, 0.5) in (503, None)
    assert echoes(session)
    clients.pop().close()
    assert echoes(proxy.open(6, last))
    said = [line for line in proxy.program.log.splitlines() if 'Cannot accept' in line]
    assert len(said) == 1
    assert 'Too many open files. ' in said[0]
    assert f'Raise the limit of open files, now {limit}' in said[0]
