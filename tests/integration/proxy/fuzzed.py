# SPDX-License-Identifier: Apache-2.0
"""A proxy in a process of its own that gets random input, and the input."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
from collections.abc import Iterator

import psutil
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.functional.proxy.conftest import BASE
from tests.functional.proxy.program import TOKENS
from tests.functional.proxy.wire import frame, receive_until, upgrade
from tests.parts.peers import Guest
from tests.parts.programs import free_port
from tests.parts.stores import factories
from tests.parts.waiting import wait_for

GROWTH_BYTES = 8 * 2**20

# Files of the store: each of its threads opens them when it is first needed.
SPARE_FILES = 24

many = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Fuzzed:
    """It must keep running without growing.

    :param ports: its listeners, by name
    :param connection: the URL of the database with its tokens
    """

    def __init__(self, program, ports: dict[str, int], connection: str):
        self._process = psutil.Process(program.process.pid)
        self._ports = ports
        self._connection = connection
        self._tokens = (f'token-{number}' for number in range(TOKENS))
        self._numbers = itertools.count()
        for _ in range(20):
            self.still_serves()
        self._before = self._process.memory_full_info().pss
        self._files = self._process.num_fds()

    def vnc_tokens(self, port: int, count: int = TOKENS) -> Iterator[str]:
        """New tokens for a VNC server."""
        numbers = itertools.islice(self._numbers, count)
        tokens = [f'vnc-{number}' for number in numbers]
        authorization = factories.authorization('novnc', port=port)
        factories.issue_many(self._connection, tokens, authorization)
        return iter(tokens)

    def url(self, name: str, token: str) -> str:
        return f'ws://127.0.0.1:{self._ports[name]}/?token={token}'

    def raw(self, name: str) -> socket.socket:
        return socket.create_connection(('127.0.0.1', self._ports[name]), timeout=30)

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
        wait_for(lambda: self._process.num_fds() <= self._files + SPARE_FILES)


@contextlib.contextmanager
def running(deployment, programs, modules, **groups):
    """A proxy, with the guest of a serial console; it is checked at the end.

    :param modules: the directory of spice-html5
    :param groups: more options
    """
    ports = {name: free_port() for name in ('serial', 'SPICE', 'VNC')}
    deployment.configure(**BASE).configure(
        serial_console={'serialproxy_port': ports['serial']},
        spice={'html5proxy_port': ports['SPICE'], 'html5proxy_web': modules},
        console_proxy={'max_sessions_per_server': 0},
    ).configure(**groups).configure(vnc={'novncproxy_port': ports['VNC']})
    with contextlib.closing(Guest()) as guest:
        program = programs.start_module(
            'tests.functional.proxy.program',
            *(str(guest.port), str(deployment.path / 'pids')),
            *('--config-file', str(deployment.config_file)),
        )
        for name in ports:
            program.wait_for(f'Listening for {name} consoles')
        made = Fuzzed(program, ports, f'sqlite:///{deployment.path}/tokens.db')
        yield made
        made.check()
        for text in ('Traceback', ' ERROR '):
            assert text not in program.log


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


def close_codes_in(received: bytes) -> set[int]:
    """Return the codes of a server's close frames; check all its frames."""
    codes = set()
    for opcode, payload in frames_in(received):
        assert opcode in (2, 8, 9, 10)
        if opcode == 8 and payload:
            codes.add(struct.unpack('!H', payload[:2])[0])
            payload[2:].decode()
    return codes


def exchanged(client: socket.socket, data: bytes) -> bytes:
    """Send data and then the end; return everything until the end of the proxy."""
    received = b''
    with contextlib.suppress(ConnectionError):
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        while part := client.recv(65536):
            received += part
    return received
