# SPDX-License-Identifier: Apache-2.0
"""Clients and guests that do not read cost little memory, and lose nothing.

The proxy has a process of its own, because nothing else may use its memory.
"""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from tests.functional.proxy.wire import frame, modules_path, receive_until
from tests.integration.proxy.process import ProxyProcess
from tests.parts.authority import self_signed
from tests.parts.peers import Guest
from tests.parts.waiting import wait_for

MIB = 2**20
# Memory of a session: a read and a write buffer, and those of TLS.
HELD_BYTES = 6 * MIB


class Payloads:
    """Counts the payload bytes in a server's frames."""

    def __init__(self):
        self.size = 0
        self._head = bytearray()
        self._left = 0

    def add(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            step = min(self._left, len(data) - at)
            self._left -= step
            self.size += step
            at += step
            if at < len(data):
                self._head.append(data[at])
                at += 1
                if length := self._length():
                    self._left = length
                    self._head.clear()

    def _length(self) -> int:
        """Return the payload length if the header is complete."""
        if len(self._head) < 2:
            return 0
        size = {126: 4, 127: 10}.get(self._head[1], 2)
        if len(self._head) < size:
            return 0
        return int.from_bytes(self._head[2:]) if size > 2 else self._head[1]


def until_it_stops(count, quiet_s: float = 0.5) -> int:
    """Wait until a count no longer changes, and return it."""
    deadline = time.monotonic() + 20
    last, since = count(), time.monotonic()
    while time.monotonic() - since < quiet_s:
        assert time.monotonic() < deadline, 'it does not stop'
        time.sleep(0.02)
        if count() != last:
            last, since = count(), time.monotonic()
    return last


@pytest.fixture(params=['asyncio', 'uvloop'])
def loop(request):
    return request.param


@pytest.fixture(params=['plain', 'TLS'])
def opened(request, programs, deployment, tmp_path, trusting, loop):
    """Opens a session with a guest: the proxy, and the client's connection."""
    tls = request.param == 'TLS'
    if tls:
        cert, key = self_signed(tmp_path)
        deployment.configure(DEFAULT={'cert': str(cert), 'key': str(key)})

    with contextlib.ExitStack() as stack:

        def open_session(serve):
            guest = Guest(serve)
            stack.callback(guest.close)
            # The client does not answer pings.
            proxy = ProxyProcess(programs, deployment, guest, loop, ping_interval=0)
            session = proxy.session(trusting if tls else None)
            return proxy, stack.enter_context(session)

        yield open_session


def test_a_client_that_stops_reading(opened):
    """The guest is paused; when the client reads again, every byte arrives."""
    total = 64 * MIB
    sent = [0]

    def flood(connection):
        connection.recv(1)
        for _ in range(total // MIB):
            connection.sendall(bytes(MIB))
            sent[0] += MIB
        connection.recv(1)

    proxy, client = opened(flood)
    before = proxy.pss()
    client.sendall(frame(b'x', 2))
    stopped = until_it_stops(lambda: sent[0])
    assert stopped < total
    assert proxy.pss() - before < HELD_BYTES
    received = Payloads()
    while received.size < total:
        part = client.recv(MIB)
        assert part
        received.add(part)
    assert received.size == total


def test_a_guest_that_stops_reading(opened):
    """The client is paused; when the guest reads again, every byte arrives."""
    total = 64 * MIB
    go_on = threading.Event()
    sent, received = [0], [0]

    def take(connection):
        assert go_on.wait(60)
        while data := connection.recv(MIB):
            received[0] += len(data)

    proxy, client = opened(take)
    client.settimeout(60)
    message = frame(b'x' * 65536, 2)
    before = proxy.pss()

    def flood():
        for _ in range(total // 65536):
            client.sendall(message)
            sent[0] += 65536

    flooding = threading.Thread(target=flood, daemon=True)
    flooding.start()
    stopped = until_it_stops(lambda: sent[0])
    assert stopped < total
    assert proxy.pss() - before < HELD_BYTES
    go_on.set()
    wait_for(lambda: received[0] == total)
    flooding.join(10)


def test_both_stop_reading(opened):
    """Both are paused, and continue when they read again."""
    total = 32 * MIB
    go_on = threading.Event()
    to_guest, to_client = [0], Payloads()

    def serve(connection):
        connection.recv(1)

        def flood():
            for _ in range(total // MIB):
                connection.sendall(bytes(MIB))

        flooding = threading.Thread(target=flood, daemon=True)
        flooding.start()
        assert go_on.wait(60)
        while to_guest[0] < total and (data := connection.recv(MIB)):
            to_guest[0] += len(data)
        flooding.join(60)
        connection.recv(1)

    proxy, client = opened(serve)
    client.sendall(frame(b'x', 2))
    client.settimeout(0.5)
    rest = memoryview(frame(b'x' * 65536, 2) * (total // 65536))
    before = proxy.pss()
    with contextlib.suppress(TimeoutError):
        while rest:
            rest = rest[client.send(rest[:65536]) :]
    assert rest
    assert proxy.pss() - before < HELD_BYTES
    go_on.set()
    client.settimeout(0.02)
    deadline = time.monotonic() + 60
    while rest or to_client.size < total:
        assert time.monotonic() < deadline
        with contextlib.suppress(TimeoutError):
            if rest:
                rest = rest[client.send(rest[:65536]) :]
        with contextlib.suppress(TimeoutError):
            if to_client.size < total:
                to_client.add(client.recv(MIB))
    wait_for(lambda: to_guest[0] == total)
    assert to_client.size == total


def test_a_client_that_pings_and_does_not_read(opened):
    """Its pongs do not accumulate either."""

    def flood(connection):
        while True:
            connection.sendall(b'x' * 65536)

    proxy, client = opened(flood)
    before = proxy.pss()
    client.settimeout(0.5)
    pings = frame(b'p' * 125, 9) * 500
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < 64 * MIB:
            client.sendall(pings)
            sent += len(pings)
    assert sent < 64 * MIB
    assert proxy.pss() - before < HELD_BYTES


def test_a_slow_reader_of_a_page(programs, deployment, modules, loop):
    """Pages are sent in parts, as the client reads them."""
    (modules / 'large.js').write_bytes(b'//' + b'x' * 1_000_000)
    guest = Guest()
    proxy = ProxyProcess(programs, deployment, guest, loop, modules=modules)
    with proxy.connect_to_page(65536) as client:
        client.sendall(b'GET /spice_auto.html HTTP/1.0\r\n\r\n')
        page = receive_until(client, None).decode()
    path = f'{modules_path(page)}/spice-html5/large.js'
    request = f'GET {path} HTTP/1.1\r\n\r\n'.encode()
    with contextlib.ExitStack() as stack:
        # A page has to exceed the kernel's buffers.
        clients = [stack.enter_context(proxy.connect_to_page(4096)) for _ in range(40)]
        before = proxy.pss()
        for client in clients:
            client.sendall(request * 8)
        time.sleep(1)
        # All pages are 320 MB.
        assert proxy.pss() - before < 16 * MIB
        total = 0
        while total < 8_000_000:
            total += len(clients[0].recv(MIB))
    guest.close()
