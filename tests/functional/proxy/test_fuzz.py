# SPDX-License-Identifier: Apache-2.0
"""Random input to a proxy in a process of its own."""

from __future__ import annotations

import contextlib
import socket
import struct

import psutil
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.functional.programs import free_port
from tests.functional.proxy.conftest import BASE
from tests.functional.proxy.program import TOKENS
from tests.functional.proxy.wire import frame, receive_until, upgrade
from tests.proxy_parts import Guest

GROWTH_BYTES = 8 * 2**20

many = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Fuzzed:
    """A proxy that must keep running without growing."""

    def __init__(self, program, ports: dict[str, int]):
        self._process = psutil.Process(program.process.pid)
        self._ports = ports
        self._tokens = (f'token-{number}' for number in range(TOKENS))
        for _ in range(20):
            self.still_serves()
        self._before = self._process.memory_full_info().pss

    @contextlib.contextmanager
    def raw(self, name: str):
        port = self._ports[name]
        with socket.create_connection(('127.0.0.1', port), timeout=10) as client:
            yield client

    @contextlib.contextmanager
    def session(self):
        with self.raw('serial') as client:
            client.sendall(upgrade(f'/?token={next(self._tokens)}'))
            assert receive_until(client, b'\r\n\r\n').startswith(b'HTTP/1.1 101')
            yield client

    def still_serves(self) -> None:
        with self.session() as client:
            client.sendall(frame(b'still', 2))
            receive_until(client, b'still')

    def check(self) -> None:
        self.still_serves()
        grown = self._process.memory_full_info().pss - self._before
        assert grown < GROWTH_BYTES


@pytest.fixture
def fuzzed(deployment, programs, modules):
    guest = Guest()
    ports = {'serial': free_port(), 'SPICE': free_port()}
    deployment.configure(**BASE).configure(
        serial_console={'serialproxy_port': ports['serial']},
        spice={'html5proxy_port': ports['SPICE'], 'html5proxy_web': modules},
        console_proxy={'handshake_timeout': 0.3, 'max_sessions_per_server': 0},
    )
    program = programs.start_module(
        'tests.functional.proxy.program',
        *(str(guest.port), str(deployment.path / 'pids')),
        *('--config-file', str(deployment.config_file)),
    )
    program.wait_for('Listening for SPICE consoles')
    made = Fuzzed(program, ports)
    yield made
    made.check()
    guest.close()
    assert 'Traceback' not in program.log


# Parts that end a line of a head, or the head.
IN_A_LINE = st.binary(max_size=60).map(lambda part: part.replace(b'\n', b' '))
TOKEN = st.sampled_from([b'x', b'', b'"x"', b'%00', b'%ff', b'\xc3\xa9', b'x' * 300])
PAIRS = st.tuples(st.sampled_from([b'token', b'TOKEN', b' token', b'a', b'']), TOKEN)
FIELDS = st.lists(PAIRS.map(b'='.join) | IN_A_LINE, max_size=25)
QUERIES = FIELDS.map(b'&'.join)
COOKIES = FIELDS.map(b';'.join)
PATHS = (
    st.sampled_from(
        [b'/', b'/websockify', b'/spice_auto.html', b'//', b'/.', b'*', b'', b'/%2f']
    )
    | IN_A_LINE
)
REQUEST_LINES = (
    st.builds(
        lambda method, path, query, version: (
            b'%s %s?%s %s' % (method, path, query.replace(b' ', b'+'), version)
        ),
        st.sampled_from([b'GET', b'HEAD', b'POST', b'get', b'GET ', b'']) | IN_A_LINE,
        PATHS,
        QUERIES,
        st.sampled_from([b'HTTP/1.1', b'HTTP/1.0', b'HTTP/2', b'', b'HTTP/1.1 ']),
    )
    | IN_A_LINE
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                b'Connection',
                b'Content-Length',
                b'Host',
                b'Origin',
                b'Sec-WebSocket-Extensions',
                b'Sec-WebSocket-Key',
                b'Sec-WebSocket-Protocol',
                b'Sec-WebSocket-Version',
                b'Transfer-Encoding',
                b'Upgrade',
                b'X-Forwarded-For',
                b'X-Forwarded-Proto',
            ]
        )
        | IN_A_LINE,
        st.sampled_from(
            [
                b'binary',
                b'http://console.example.org:6083',
                b'null',
                b'websocket',
                b'13',
                b'-1',
                b'10.0.0.1, [::1]:80',
            ]
        )
        | IN_A_LINE,
    ).map(b': '.join)
    | COOKIES.map(b'Cookie: '.__add__)
    | IN_A_LINE,
    max_size=8,
)
GOOD_LINES = upgrade('/').split(b'\r\n')[1:-2]


def head(request_line: bytes, headers: list[bytes]) -> bytes:
    return b'\r\n'.join([request_line, *headers, b'', b''])


HEADS = (
    st.builds(head, REQUEST_LINES, HEADERS)
    # Requests that reach admission, with random additions.
    | st.builds(
        lambda path, query, headers: head(
            b'GET %s?%s HTTP/1.1' % (path, query.replace(b' ', b'+')),
            [*GOOD_LINES, *headers],
        ),
        st.sampled_from([b'/', b'/websockify']),
        QUERIES,
        st.lists(COOKIES.map(b'Cookie: '.__add__), max_size=3),
    )
)


@pytest.mark.parametrize('name', ['serial', 'SPICE'])
def test_requests(fuzzed, name):
    """Random request lines, headers, cookies and queries all get a readable answer."""
    seen = set()

    @many
    @given(HEADS)
    @example(head(b'GET / HTTP/1.1', [b'Cookie: a'] * 200))
    @example(head(b'GET /?' + b'a=b&' * 100 + b' HTTP/1.1', GOOD_LINES))
    @example(head(b'GET /' + b'a' * 40000, []))
    @example(head(b'GET /nothing-here HTTP/1.1', GOOD_LINES))
    @example(head(b'GET / HTTP/1.1', GOOD_LINES))
    def ask(request):
        with fuzzed.raw(name) as client:
            client.sendall(request)
            answer = receive_until(client, None)
        start, _, body = answer.partition(b'\r\n\r\n')
        status = int(start.split()[1])
        seen.add(status)
        assert status == 200 or 400 <= status < 500
        assert b'Content-Length: %d' % len(body) in start or status == 200
        if status != 200:
            assert body.decode().endswith('.\n')
            assert body.count(b'\n') == 1
            assert body.isascii()

    ask()
    assert {400, 401, 404} <= seen


LENGTHS = st.integers(0, 2**64 - 1) | st.integers(0, 300)
FRAMES = (
    st.builds(frame, st.binary(max_size=300), st.integers(0, 15))
    # Two random bytes, and a length that need not match the rest.
    | st.builds(
        lambda first, second, length, rest: (
            bytes((first, second)) + struct.pack('!Q', length) + rest
        ),
        st.integers(0, 255),
        st.integers(0, 255),
        LENGTHS,
        st.binary(max_size=100),
    )
    | st.binary(max_size=100)
)


def frames_in(received: bytes) -> list[tuple[int, bytes]]:
    """Return a server's frames by opcode; check that all are complete and unmasked."""
    found = []
    while received:
        opcode, length = received[0] & 0x0F, received[1]
        assert (received[0] & 0xF0, length < 128) == (0x80, True)
        start = 2
        if length == 126:
            start, length = 4, struct.unpack('!H', received[2:4])[0]
        elif length == 127:
            start, length = 10, struct.unpack('!Q', received[2:10])[0]
        payload = received[start : start + length]
        assert len(payload) == length
        found.append((opcode, payload))
        received = received[start + length :]
    return found


def test_frames(fuzzed):
    """Each session ends, with complete frames and a close code."""
    codes = set()

    @many
    @given(st.lists(FRAMES, max_size=6))
    @example([frame(b'\xff', 1)])
    @example([frame(struct.pack('!H', 1000), 8)])
    def send(frames):
        received = b''
        with fuzzed.session() as client:
            client.sendall(b''.join(frames))
            client.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                while part := client.recv(65536):
                    received += part
        for opcode, payload in frames_in(received):
            assert opcode in (2, 8, 9, 10)
            if opcode == 8 and payload:
                codes.add(struct.unpack('!H', payload[:2])[0])
                payload[2:].decode()

    send()
    assert {1000, 1002, 1007} <= codes
