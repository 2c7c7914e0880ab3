# SPDX-License-Identifier: Apache-2.0
"""What stands around the proxy in its tests: a store, compute hosts and guests."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from console_ext import consoles, exceptions
from console_ext.exceptions import RefusalReason
from console_ext.executor import BoundedExecutor
from console_ext.store.authorization import Authorization, Lease
from tests.deployment import PROJECT_A, server_id


def authorization(**values) -> Authorization:
    """Leave to open a serial console."""
    usual = {
        'console_type': 'serial',
        'server_id': server_id('01'),
        'project_id': PROJECT_A,
        'user_id': 'alice',
        'compute_host': 'compute-1',
        'host': '127.0.0.1',
        'port': 1,
        'tls_port': None,
        'internal_access_path': None,
    }
    return Authorization(**{**usual, **values})


class Store:
    """The store of authorizations in memory: a token opens one session, of as many
    sockets as it is asked for, from one client, where its type has several.

    :param away: while it is set, the store is unavailable
    :param answers: while it is cleared, nothing is answered
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[Authorization, float, float | None]] = {}
        self._used: dict[str, str] = {}
        self._opened: set[str] = set()
        self._numbers = iter(range(10**9))
        self.live: set[Lease] = set()
        self.revoked: set[Lease] = set()
        self.released: list[Lease] = []
        self.withdrawn: list[Lease] = []
        self.asked: list[tuple[str, str, str]] = []
        self.purged = 0
        # Calls that have begun, answered or not.
        self.called = 0
        self.away = threading.Event()
        self.answers = threading.Event()
        self.answers.set()

    def issue(
        self,
        token: str,
        *,
        ttl_s: float = 600,
        left_s: float | None = None,
        **values,
    ) -> Authorization:
        """
        :param left_s: as that of a lease
        """
        made = authorization(**values)
        self._tokens[token] = made, time.monotonic() + ttl_s, left_s
        return made

    def redeem(self, token, console_type, client_address):
        self._be_there()
        with self._lock:
            self.asked.append((token, console_type, client_address))
            if token not in self._tokens:
                raise exceptions.TokenRefused(RefusalReason.UNKNOWN)
            known, expires, left_s = self._tokens[token]
            if known.console_type != console_type:
                raise exceptions.TokenRefused(RefusalReason.WRONG_TYPE)
            if expires <= time.monotonic():
                raise exceptions.TokenRefused(RefusalReason.EXPIRED)
            user = self._used.setdefault(token, client_address)
            kind = consoles.by_type(console_type)
            if not kind.several_sockets and token in self._opened:
                raise exceptions.TokenRefused(RefusalReason.USED)
            if user != client_address:
                raise exceptions.TokenRefused(RefusalReason.OTHER_CLIENT)
            self._opened.add(token)
            lease = Lease(known, token, str(next(self._numbers)), left_s)
            self.live.add(lease)
            return lease

    def withdraw(self, lease):
        self._be_there()
        with self._lock:
            self.live.discard(lease)
            self.withdrawn.append(lease)
            if all(one.session_id != lease.session_id for one in self.live):
                self._opened.discard(lease.session_id)
                self._used.pop(lease.session_id, None)

    def release(self, leases):
        self._be_there()
        with self._lock:
            self.live.difference_update(leases)
            self.released += leases

    def purge(self):
        self.purged += 1
        self._be_there()
        return 1

    def keep(self, leases):
        self._be_there()
        with self._lock:
            return self.revoked & set(leases)

    def _be_there(self):
        self.called += 1
        self.answers.wait(30)
        if self.away.is_set():
            raise exceptions.StoreUnavailable


class Computes:
    """The compute hosts, in threads.

    :param answer: what they say of any port; an exception is raised, a function called
    :param answer_after_s: how long they take
    """

    def __init__(self):
        self.answer: object = True
        self.answer_after_s = 0.0
        self.asked: list[tuple] = []
        self._executor = BoundedExecutor(32, 'test-computes', 1000)

    def validate_console_port(
        self, context, host, server, console_type, port, bus_url=None
    ):
        self.asked.append((context.is_admin, host, server.id, console_type, port))
        return self._executor.submit(self._answer)

    def _answer(self):
        time.sleep(self.answer_after_s)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer() if callable(self.answer) else self.answer


class Guest:
    """A guest's serial port: a TCP server, and what each connection does.

    :param serve: called with the connection, in a thread; by default it echoes
    """

    def __init__(
        self,
        serve: Callable[[socket.socket], object] | None = None,
        host: str = '127.0.0.1',
    ):
        guest = self
        self.received = bytearray()
        self.accepted = 0

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                guest.accepted += 1
                with contextlib.suppress(OSError):
                    (serve or guest.echo)(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128
            address_family = socket.AF_INET6 if ':' in host else socket.AF_INET

        self._server = Server((host, 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def echo(self, connection: socket.socket) -> None:
        while data := connection.recv(65536):
            self.received += data
            connection.sendall(data)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def reset(connection: socket.socket) -> None:
    """Close a connection as a process that is killed with unread data does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    connection.close()


@contextlib.contextmanager
def full_backlog(host: str = '127.0.0.1') -> Iterator[int]:
    """The port of a guest that does not answer whoever connects to it."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with contextlib.ExitStack() as close:
        full = close.enter_context(socket.socket(family))
        full.bind((host, 0))
        full.listen(0)
        port: int = full.getsockname()[1]
        for _ in range(4):
            filler = close.enter_context(socket.socket(family))
            filler.setblocking(False)
            filler.connect_ex((host, port))
        yield port


def wait_for(condition, timeout_s: float = 5.0):
    """Wait until a condition is true, and return what it is."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f'not within {timeout_s} s')
        time.sleep(0.01)
    return value


def write_certificate(path: Path) -> tuple[Path, Path]:
    """Write a new certificate for this machine's loopback, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'localhost')])
    names = [
        x509.DNSName('localhost'),
        x509.IPAddress(ipaddress.ip_address('127.0.0.1')),
    ]
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = path / 'cert.pem', path / 'key.pem'
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file
