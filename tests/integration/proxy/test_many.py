# SPDX-License-Identifier: Apache-2.0
"""The maximum number of sessions of a process, all at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import struct
from pathlib import Path

import psutil
import pytest

from tests.functional.proxy.conftest import BASE
from tests.functional.proxy.program import TOKENS
from tests.functional.proxy.wire import frame, upgrade
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for

SESSIONS = 5000
WARM = 200
SESSION_BYTES = 16 * 1024
# Less than one connection of a session may be left of each that has ended.
# It includes SQLite's page cache, up to 10 MB.
LEFT_BYTES = 3072
AT_ONCE = 100
WAIT_S = 60


@pytest.fixture
def files():
    """Raise the limit of open files: all clients and guests are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * SESSIONS + 500
    if hard < needed:
        pytest.fail(
            f'{SESSIONS} sessions need {needed} open files, and the hard limit '
            f'(ulimit -Hn) is {hard}'
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Client:
    """A WebSocket with a timeout for every wait."""

    def __init__(self, port: int, number: int):
        self._port = port
        self._number = number

    async def open(self, token: str | None = None) -> int:
        """
        :returns: the status of the answer
        """
        self._reader, self._writer = await asyncio.open_connection(
            '127.0.0.1', self._port
        )
        token = token or f'token-{self._number}'
        self._writer.write(upgrade(f'/?token={token}'))
        head = await asyncio.wait_for(self._reader.readuntil(b'\r\n\r\n'), WAIT_S)
        return int(head.split()[1])

    async def echo(self) -> bool:
        """Whether the guest answers with what only this client has sent."""
        sent = f'session {self._number}'.encode()
        self._writer.write(frame(sent, 2))
        wanted = bytes((0x82, len(sent))) + sent
        got = await asyncio.wait_for(self._reader.readexactly(len(wanted)), WAIT_S)
        return got == wanted

    async def close(self) -> None:
        self._writer.write(frame(struct.pack('!H', 1000), 8))
        await asyncio.wait_for(self._reader.read(), WAIT_S)
        self._writer.close()


async def each(work, items) -> list:
    """Yield the results of some work for each item, a number of them in parallel."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(item):
        async with places:
            return await work(item)

    return await asyncio.gather(*(one(item) for item in items))


async def echo_server(reader, writer) -> None:
    while data := await reader.read(1000):
        writer.write(data)
    writer.close()


def sockets(process: psutil.Process) -> int:
    """How many sockets a process has; other descriptors belong to the store."""
    found = 0
    for descriptor in Path(f'/proc/{process.pid}/fd').iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += os.readlink(descriptor).startswith('socket:')
    return found


@pytest.mark.timeout(300)
def test_5000_sessions(files, deployment, programs):
    """Each works, needs at most 16 KiB, and its memory is reused."""
    port = free_port()
    deployment.configure(**BASE).configure(
        serial_console={'serialproxy_port': port},
        spice={'html5proxy_port': free_port(), 'html5proxy_web': deployment.path},
        console_proxy={
            'max_sessions': SESSIONS,
            'max_sessions_per_client': 0,
            'max_sessions_per_server': 0,
            'max_sessions_per_project': 0,
            'heartbeat_interval': 5,
            # The clients answer no pings.
            'ping_interval': 0,
        },
    )

    async def run() -> None:
        guest = await asyncio.start_server(echo_server, '127.0.0.1', 0, backlog=1024)
        program = programs.start_module(
            'tests.functional.proxy.program',
            str(guest.sockets[0].getsockname()[1]),
            str(deployment.path / 'pids'),
            *('--config-file', str(deployment.config_file)),
        )
        program.wait_for('Listening for SPICE consoles')
        process = psutil.Process(program.process.pid)
        clients = [Client(port, number) for number in range(TOKENS)]
        later = [clients.pop() for _ in range(SESSIONS)]
        late = clients.pop()
        del clients[SESSIONS:]

        def pss() -> int:
            return process.memory_full_info().pss

        opened = await each(Client.open, clients[:WARM])
        no_session = sockets(process) - 2 * WARM
        before = pss()
        opened += await each(Client.open, clients[WARM:])
        assert set(opened) == {101}
        assert sockets(process) == no_session + 2 * SESSIONS
        assert all(await each(Client.echo, clients))
        held = pss()
        assert (held - before) / (SESSIONS - WARM) < SESSION_BYTES

        # One too many; then a place becomes free; then an invalid token.
        assert await late.open() == 429
        await clients.pop().close()
        await asyncio.to_thread(
            wait_for, lambda: sockets(process) == no_session + 2 * (SESSIONS - 1)
        )
        assert await late.open('nonsense') == 401
        assert await late.open() == 101
        assert await late.echo()
        clients.append(late)

        await each(Client.close, clients)
        await asyncio.to_thread(
            wait_for, lambda: sockets(process) <= no_session, WAIT_S
        )
        assert set(await each(Client.open, later)) == {101}
        assert (pss() - held) / SESSIONS < LEFT_BYTES
        guest.close()

    asyncio.run(run())
