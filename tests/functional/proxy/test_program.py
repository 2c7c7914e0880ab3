# SPDX-License-Identifier: Apache-2.0
"""The program with one or several processes."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.control import SUBPROTOCOL
from tests.functional.proxy.conftest import BASE
from tests.functional.proxy.wire import closed, key_of, receive_for_ever
from tests.parts.peers import Guest
from tests.parts.programs import free_port, listens
from tests.parts.tls_client import TLSClient
from tests.parts.waiting import wait_for

ROOT = Path(__file__).parents[3]


class Program:
    def __init__(self, deployment, *args, **groups):
        self.port = free_port()
        self.guest = Guest()
        self.pids_file = deployment.path / 'pids'
        deployment.configure(**BASE)
        deployment.configure(
            serial_console={'serialproxy_port': self.port},
            spice={
                'html5proxy_port': free_port(),
                'html5proxy_web': deployment.path,
            },
        ).configure(**groups)
        command = [
            *(sys.executable, '-m', 'tests.functional.proxy.program'),
            *(str(self.guest.port), str(self.pids_file)),
            *('--config-file', str(deployment.config_file), *args),
        ]
        self._log_file = deployment.path / 'log'
        with self._log_file.open('wb') as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )

    def pids(self) -> list[int]:
        """The processes that have served, the oldest first."""
        text = self.pids_file.read_text() if self.pids_file.exists() else ''
        return [int(line) for line in text.split()]

    def serves(self, pid: int) -> bool:
        """Whether a process has a client."""
        return any(
            one.status == psutil.CONN_ESTABLISHED and one.laddr.port == self.port
            for one in psutil.Process(pid).net_connections('tcp4')
        )

    @property
    def log(self) -> str:
        return self._log_file.read_text(errors='replace')

    def connect(self, number: int, **options):
        url = f'ws://127.0.0.1:{self.port}/?token=token-{number}'
        return connect(url, proxy=None, compression=None, legacy=True, **options)

    def end(self) -> str:
        """Wait for the end, and return the log."""
        self.process.wait(30)
        return self.log


@pytest.fixture
def program(deployment):
    running = []

    def start(*args, **groups):
        made = Program(deployment, *args, **groups)
        running.append(made)
        wait_for(lambda: listens(made.port) or made.process.poll() is not None)
        return made

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()
        one.guest.close()


@pytest.mark.parametrize('workers', ['1', '2'])
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_drain(program, number, workers):
    """No new connections, sessions are closed with 1001 after a grace, status 0."""
    made = program('--workers', workers, console_proxy={'drain_timeout': 1.5})
    client = made.connect(1)
    started = time.monotonic()
    made.process.send_signal(number)
    wait_for(lambda: not listens(made.port))
    with pytest.raises(ConnectionClosed) as caught:
        receive_for_ever(client)
    assert caught.value.rcvd.code == 1001
    assert time.monotonic() - started >= 1.5
    log = made.end()
    assert made.process.returncode == 0
    assert 'going away' in log
    assert 'token-1' not in log


@pytest.mark.parametrize('workers', ['1', '2'])
def test_a_second_signal(program, workers):
    """The drain ends at once; clients are told, and the exit status is still 0."""
    made = program('--workers', workers, console_proxy={'drain_timeout': 600})
    client = made.connect(1)
    made.process.terminate()
    wait_for(lambda: not listens(made.port))
    client.send(b'still here')
    assert client.recv(timeout=30) == b'still here'
    made.process.terminate()
    with pytest.raises(ConnectionClosed) as caught:
        receive_for_ever(client)
    assert caught.value.rcvd.code == 1001
    made.end()
    assert made.process.returncode == 0


def test_a_client_that_does_not_answer_does_not_hold_up_the_end(program):
    """It is disconnected."""
    made = program(console_proxy={'drain_timeout': 0})
    with socket.create_connection(('127.0.0.1', made.port)) as client:
        client.sendall(
            b'GET /?token=token-1 HTTP/1.1\r\nUpgrade: websocket\r\n'
            b'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
            b'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
        )
        assert client.recv(1000).startswith(b'HTTP/1.1 101')
        made.process.terminate()
        made.end()
    assert made.process.returncode == 0


def test_a_port_that_is_taken(program):
    """One line, and exit status 1."""
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        made = program(serial_console={'serialproxy_port': port})
        log = made.end()
    assert made.process.returncode == 1
    assert f'program.py: cannot listen on 127.0.0.1 port {port}' in log
    assert 'Traceback' not in log


@pytest.mark.parametrize('workers', ['1', '2'])
def test_a_heartbeat_that_is_too_slow_for_the_lease(program, workers):
    """One line before any worker starts, and exit status 1."""
    made = program(
        *('--workers', workers),
        console_proxy={'heartbeat_interval': 30},
        console_tokens={'lease': 60},
    )
    log = made.end()
    assert made.process.returncode == 1
    assert log.count('program.py: [console_proxy] heartbeat_interval is 30 s') == 1
    assert 'Worker' not in log


def test_workers_share_the_ports(program):
    """All of them serve, and SIGTERM ends all."""
    made = program('--workers', '3')
    wait_for(lambda: len(made.pids()) == 3)
    clients = [made.connect(number) for number in range(9)]
    for client in clients:
        client.send(b'x')
        assert client.recv(timeout=30) == b'x'
    made.process.terminate()
    for client in clients:
        with pytest.raises(ConnectionClosed):
            receive_for_ever(client)
    made.end()
    assert made.process.returncode == 0
    for pid in made.pids():
        assert not Path(f'/proc/{pid}').exists()


def test_a_dead_worker_is_replaced(program):
    """Only its own sessions are lost, and the port always accepts connections."""
    made = program('--workers', '2')
    wait_for(lambda: len(made.pids()) == 2)
    os.kill(made.pids()[0], signal.SIGKILL)
    wait_for(lambda: len(made.pids()) == 3)
    for number in range(10):
        client = made.connect(number)
        client.send(b'x')
        assert client.recv(timeout=30) == b'x'
        client.close()


def test_a_frozen_worker_is_replaced(program):
    """All new consoles open again, and those of the other worker stay open."""
    made = program('--workers', '2', console_proxy={'worker_timeout': 3})
    clients = []

    def both_serve() -> bool:
        clients.append(made.connect(len(clients)))
        return len(made.pids()) == 2 and all(map(made.serves, made.pids()))

    wait_for(both_serve)
    os.kill(made.pids()[0], signal.SIGSTOP)
    wait_for(lambda: len(made.pids()) == 3)
    for number in range(10000, 10020):
        client = made.connect(number, open_timeout=30)
        client.send(b'x')
        assert client.recv(timeout=30) == b'x'
        client.close()
    assert f'(process {made.pids()[0]}): its event loop has been blocked' in made.log
    assert sum(answers(client) for client in clients) >= 1


def answers(client) -> bool:
    """Whether a client's session is alive."""
    try:
        client.send(b'x')
        return client.recv(timeout=30) == b'x'
    except ConnectionClosed:
        return False


def test_workers_that_do_not_stay_alive(program, deployment):
    """After three quick deaths, the program ends with a reason."""
    (deployment.path / 'fail').touch()
    made = program('--workers', '2')
    log = made.end()
    assert made.process.returncode == 1
    assert 'the workers end right after their start' in log
    assert 'Traceback' not in log


def test_workers_do_not_outlive_their_parent(program):
    """However the parent ended."""
    made = program('--workers', '2')
    wait_for(lambda: len(made.pids()) == 2)
    made.process.kill()
    wait_for(lambda: not any(Path(f'/proc/{pid}').exists() for pid in made.pids()))


@pytest.mark.parametrize('workers', ['1', '2'])
def test_a_new_certificate(program, certificate, workers):
    """SIGHUP reloads it for new connections; an invalid one changes nothing."""
    cert_file, key_file = certificate()
    files = {'cert': cert_file, 'key': key_file}
    made = program('--workers', workers, DEFAULT=files)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    def shown() -> bytes:
        with socket.create_connection(('127.0.0.1', made.port), timeout=30) as raw:
            with context.wrap_socket(raw) as wrapped:
                return wrapped.getpeercert(binary_form=True)

    first = shown()
    url = f'wss://127.0.0.1:{made.port}/?token=token-1'
    client = TLSClient(url, context)
    certificate()
    made.process.send_signal(signal.SIGHUP)
    wait_for(lambda: all(shown() != first for _ in range(8)))
    client.send(b'x')
    assert client.recv(timeout=30) == b'x'
    second = shown()
    cert_file.write_text('nonsense')
    made.process.send_signal(signal.SIGHUP)
    refusal = 'The previous certificate stays in force'
    wait_for(lambda: made.log.count(refusal) == int(workers))
    assert {shown() for _ in range(8)} <= {second}
    client.close()
    made.process.terminate()
    made.end()
    assert made.process.returncode == 0


def test_a_session_goes_on_at_any_worker(program):
    """Each rejoin may reach another process, and one of them is killed meanwhile."""
    made = program('--workers', '2')
    wait_for(lambda: len(made.pids()) == 2)
    query, previous, keys = 'token=token-1', None, []
    for number in range(10):
        url = f'ws://127.0.0.1:{made.port}/?{query}'
        client = connect(url, proxy=None, subprotocols=[SUBPROTOCOL], legacy=True)
        keys.append(key_of(client))
        query = f'rejoin={keys[-1]}'
        if previous is not None:
            # A killed process sends no close frame.
            assert closed(previous)[0] in (close_codes.REPLACED.code, None)
        client.send(b'x')
        assert client.recv(timeout=30) == b'x'
        previous = client
        if number == 5:
            os.kill(made.pids()[0], signal.SIGKILL)
            wait_for(lambda: len(made.pids()) == 3)
    made.process.terminate()
    assert closed(previous)[0] == 1001
    log = made.end()
    assert log.count('opened again') == 9
    for secret in ('token-1', *keys):
        assert secret not in log
