# SPDX-License-Identifier: Apache-2.0
"""Random RFB of clients and of compute hosts, to a proxy in a process of its own."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.sync.client import connect

from tests.functional.proxy.test_vnc import shake_hands
from tests.functional.proxy.wire import frame, receive_until, upgrade
from tests.integration.proxy import fuzzed as proxies
from tests.integration.proxy.fuzzed import FRAMES, close_codes_in, exchanged, many
from tests.parts.vnc_host import SERVER_INIT, VERSION, VNCHost
from tests.parts.waiting import wait_for

ENCRYPTED = b'\x13'

# What a host sends from its version to its ServerInit.
HANDSHAKE = VERSION + b'\1\1' + bytes(4) + SERVER_INIT
VENCRYPT = b'\0\2' + b'\0' + b'\1\0\0\1\4' + b'\1'
ENCRYPTED_BYTES = len(HANDSHAKE) + len(VENCRYPT)

FLOOD = bytes(4 * 2**20)

TOGETHER = 24

# For a host that says nothing: long enough for one that works, on a busy machine.
CONNECT_S = 3.0
# A loose ceiling.
REFUSED_S = 30


class Host(VNCHost):
    """A VNC server that works; it can be told to send something else once."""

    def __init__(self):
        self._once: bytes | None = None
        self._piece_bytes = 1
        super().__init__()

    def send_once(self, data: bytes, size: int) -> None:
        """
        :param data: what the next client gets before the connection ends
        :param size: how many bytes at once
        """
        self._once, self._piece_bytes = data, size

    def talk(self, connection: socket.socket) -> None:
        data, self._once = self._once, None
        if data is None:
            super().talk(connection)
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces(data, self._piece_bytes):
            connection.sendall(piece)


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


class Viewers:
    """Clients of a fuzzed proxy and of a host."""

    def __init__(self, proxy: proxies.Fuzzed, host: Host):
        self.host = host
        self._proxy = proxy
        self._tokens = proxy.vnc_tokens(host.port)

    @contextlib.contextmanager
    def asking(self, token: str | None = None):
        """A connection that has asked for a console, and the status of the answer."""
        with self._proxy.raw('VNC') as client:
            client.sendall(upgrade(f'/?token={token or next(self._tokens)}'))
            head = b''
            while not head.endswith(b'\r\n\r\n'):
                head += client.recv(1)
            yield client, int(head.split()[1])

    def open_one(self) -> None:
        """Open a console that works."""
        url = self._proxy.url('VNC', next(self._tokens))
        with connect(url, proxy=None) as client:
            shake_hands(client)
            client.send(b'still')
            assert client.recv(timeout=30) == b'still'


@pytest.fixture
def fuzzed(deployment, programs, modules, authority, request):
    options = {'auth_schemes': 'vencrypt,none', 'vencrypt_ca_certs': authority.file}
    groups = {'vnc': options, 'console_proxy': getattr(request, 'param', {})}
    with proxies.running(deployment, programs, modules, **groups) as made:
        yield made


@pytest.fixture
def viewers(fuzzed):
    with contextlib.closing(Host()) as host:
        made = Viewers(fuzzed, host)
        yield made
        made.open_one()


SIZES = st.sampled_from([1, 2, 7, len(FLOOD)])

OF_A_CLIENT = st.lists(
    st.sampled_from([VERSION, b'RFB 003.003\n', b'\1', b'\0', ENCRYPTED, b'\xff' * 12])
    | st.binary(max_size=40),
    max_size=8,
).map(b''.join)


def test_clients(viewers):
    """Each session ends, with complete frames and a close code."""
    codes = set()

    @many
    @given(OF_A_CLIENT, SIZES, st.lists(FRAMES, max_size=2))
    @example(VERSION + b'\1\1keys', 1, [])
    @example(VERSION + b'\2', 1, [])
    @example(b'\xff' * 12, 1, [])
    @example(VERSION + b'\1\1' + FLOOD, 2**16, [])
    @example(FLOOD, 2**16, [])
    @example(VERSION + b'\1', 1, [frame(b'text', 1)])
    def send(data, size, more):
        frames = [frame(piece, 2) for piece in pieces(data, size)]
        with viewers.asking() as (client, status):
            assert status == 101
            received = exchanged(client, b''.join([*frames, *more]))
        codes.update(close_codes_in(received))

    send()
    assert 1002 in codes


OF_A_HOST = st.lists(
    st.sampled_from(
        [
            VERSION,
            b'RFB 003.003\n',
            b'\1\1',
            b'\1\x13',
            b'\2\x13\1',
            b'\0',
            bytes(4),
            b'\0\0\0\1',
            VENCRYPT,
            SERVER_INIT,
            b'\0\0\0\5words',
            b'\xff' * 4,
        ]
    )
    | st.binary(max_size=40),
    max_size=8,
).map(b''.join)

HUGE_NAME = struct.pack('!HH16xI', 720, 400, 2**32 - 1)
HUGE_REASON = struct.pack('!I', 2**32 - 1)


@pytest.mark.parametrize('fuzzed', [{'connect_timeout': CONNECT_S}], indirect=True)
def test_hosts(viewers):
    """A client gets a status; then the next console opens."""
    statuses = set()

    @many
    @given(OF_A_HOST, SIZES)
    @example(HANDSHAKE, 1)
    @example(HANDSHAKE + FLOOD, len(FLOOD))
    @example(FLOOD, len(FLOOD))
    @example(VERSION + b'\xff' * 2**20, len(FLOOD))
    @example(VERSION + b'\0' + HUGE_REASON + FLOOD, len(FLOOD))
    @example(VERSION + b'\1\1\0\0\0\1' + HUGE_REASON + FLOOD, len(FLOOD))
    @example(VERSION + b'\1\1' + bytes(4) + HUGE_NAME + FLOOD, len(FLOOD))
    @example(VERSION + b'\1\x13' + VENCRYPT + FLOOD, 1 + 2**16)
    def send(data, size):
        viewers.host.send_once(data, size)
        with viewers.asking() as (client, status):
            statuses.add(status)
            if status == 101:
                close_codes_in(receive_until(client, None))

    send()
    assert statuses == {101, 502}


@pytest.mark.wall_clock
@pytest.mark.parametrize('fuzzed', [{'connect_timeout': CONNECT_S}], indirect=True)
@pytest.mark.parametrize(
    ('types', 'count'), [(b'\1', len(HANDSHAKE)), (ENCRYPTED, ENCRYPTED_BYTES)]
)
def test_hosts_that_are_silent(fuzzed, viewers, authority, types, count):
    """After each byte of the handshake, several at once: the client gets a status."""
    context = authority.server('compute-1')

    with contextlib.ExitStack() as close:

        def ask(silent_after):
            host = VNCHost(types, tls=context, silent_after=silent_after)
            close.callback(host.close)
            token = next(fuzzed.vnc_tokens(host.port, 1))
            started = time.monotonic()
            with viewers.asking(token) as (_, status):
                assert time.monotonic() - started < REFUSED_S
            wait_for(lambda: host.accepted == 1)
            return status

        with ThreadPoolExecutor(TOGETHER) as pool:
            assert set(pool.map(ask, range(count))) == {502}
        # The connections are closed even if the hosts keep them open.
        fuzzed.check()
