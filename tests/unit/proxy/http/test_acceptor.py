# SPDX-License-Identifier: Apache-2.0
"""Accepting connections and handing them to their protocols."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import logging
import os
import socket
import ssl

import pytest

from console_ext.proxy.http import acceptor as acceptors
from console_ext.proxy.http import connections as lobbies
from console_ext.proxy.http.acceptor import Accepted, Acceptor
from console_ext.proxy.http.connections import Connections


class Listening(socket.socket):
    """A socket that listens on loopback, and may fail.

    :param failures: what the next calls of accept raise
    """

    def __init__(self):
        super().__init__()
        self.failures = []
        self.bind(('127.0.0.1', 0))
        self.listen()
        self.setblocking(False)

    def accept(self):
        if self.failures:
            raise self.failures.pop(0)
        return super().accept()

    def connect_to(self) -> socket.socket:
        return socket.create_connection(self.getsockname(), timeout=30)


class Noted(asyncio.Protocol):
    """A protocol that records its calls."""

    def __init__(self, notes, connections):
        self._notes = notes
        self._connections = connections
        self._transport = None

    def connection_made(self, transport):
        self._transport = transport
        self._notes.append('made')
        self._connections.wait(self)

    def connection_lost(self, error):
        self._notes.append('lost')
        self._connections.leave(self)

    def abort(self):
        self._connections.leave(self)
        self._transport.abort()


class Here:
    """An acceptor in the running loop, with a limit of waiting connections."""

    def __init__(self, most=10):
        self.listening = Listening()
        self.connections = Connections(most)
        self.notes = []
        self.acceptor = Acceptor(
            'serial',
            self.listening,
            lambda: Noted(self.notes, self.connections),
            None,
            10,
            self.connections,
        )
        self.acceptor.begin()

    async def until(self, *notes) -> None:
        async with asyncio.timeout(60):
            while self.notes != list(notes):
                await asyncio.sleep(0.001)


def run(loop_factory, main, most=10) -> None:
    async def call():
        here = Here(most)
        with contextlib.closing(here.acceptor):
            await main(here)
            await here.connections.empty()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(call())


def test_a_client(loop_factory):
    """The client gets a protocol, which is then the only waiting connection."""

    async def main(here):
        with here.listening.connect_to() as client:
            await here.until('made')
            client.close()
            await here.until('made', 'lost')
        assert not here.connections._all

    run(loop_factory, main)


def test_close(loop_factory):
    """No further client is accepted."""

    async def main(here):
        addresses.append(here.listening.getsockname())
        with here.listening.connect_to():
            await here.until('made')

    addresses = []
    run(loop_factory, main)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(addresses[0])


@pytest.mark.parametrize('number', [errno.EMFILE, errno.ENFILE, errno.ENOBUFS])
def test_out_of_descriptors(loop_factory, number, caplog, monkeypatch):
    """The client waits, and the log says so once."""
    monkeypatch.setattr(acceptors, 'PAUSE_S', 0.001)

    async def main(here):
        here.listening.failures = [OSError(number, os.strerror(number))] * 100
        with here.listening.connect_to():
            await here.until('made')
        assert not here.listening.failures

    run(loop_factory, main)
    (message,) = (one.getMessage() for one in caplog.records if one.name != 'asyncio')
    assert message.startswith('Cannot accept serial clients')
    assert os.strerror(number) in message


def test_the_log_says_it_again(loop_factory, caplog, monkeypatch):
    """It is logged again, but rarely."""
    monkeypatch.setattr(acceptors, 'PAUSE_S', 0.001)
    monkeypatch.setattr(acceptors, 'REPORT_S', 0.0)

    async def main(here):
        here.listening.failures = [OSError(errno.EMFILE, 'too many')] * 3
        with here.listening.connect_to():
            await here.until('made')

    run(loop_factory, main)
    assert sum(one.levelno == logging.ERROR for one in caplog.records) == 3


def test_out_of_descriptors_with_silent_clients(loop_factory, monkeypatch):
    """One of the silent clients makes room for the next client."""
    monkeypatch.setattr(lobbies, 'MIN_ROUNDS', 0)

    async def main(here):
        with here.listening.connect_to():
            await here.until('made')
            here.listening.failures = [OSError(errno.EMFILE, 'too many')]
            with here.listening.connect_to():
                await here.until('made', 'lost', 'made')

    run(loop_factory, main)


def test_a_client_that_has_left_the_queue(loop_factory):
    """The next client is accepted."""

    async def main(here):
        here.listening.failures = [ConnectionAbortedError()]
        with here.listening.connect_to():
            await here.until('made')

    run(loop_factory, main)


def test_no_room(loop_factory, monkeypatch):
    """Clients that come at once wait in the kernel's queue; none is rejected."""
    monkeypatch.setattr(lobbies, 'MIN_ROUNDS', 10000)

    async def main(here):
        with here.listening.connect_to() as first, here.listening.connect_to():
            await here.until('made')
            await asyncio.sleep(3 * acceptors.PAUSE_S)
            assert here.notes == ['made']
            first.close()
            await here.until('made', 'lost', 'made')

    run(loop_factory, main, most=1)


def test_the_loop_has_its_turn(loop_factory):
    """Connected clients are served even if many others connect at once."""

    async def main(here):
        clients = [
            here.listening.connect_to() for _ in range(acceptors.MAX_PER_ITERATION + 5)
        ]
        turns = []
        while len(here.notes) < len(clients):
            turns.append(len(here.notes))
            await asyncio.sleep(0)
        steps = [later - now for now, later in itertools.pairwise(turns)]
        assert max(steps) == acceptors.MAX_PER_ITERATION
        for client in clients:
            client.close()

    run(loop_factory, main, most=100)


@pytest.mark.parametrize('turns', range(6))
@pytest.mark.parametrize('secure', [False, True])
def test_abort(loop_factory, certificate, secure, turns):
    """The client is disconnected at any time, and its protocol is told."""
    options = {}
    if secure:
        options['ssl'] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        options['ssl'].load_cert_chain(*certificate())

    async def main(here):
        here.acceptor._loop.remove_reader(here.listening)
        with here.listening.connect_to() as client:
            accepted = Accepted(
                here.listening.accept()[0],
                lambda: Noted(here.notes, here.connections),
                options,
                here.connections,
            )
            accepted.begin()
            for _ in range(turns):
                await asyncio.sleep(0)
            was_there = accepted in here.connections._all
            accepted.abort()
            assert accepted not in here.connections._all
            if was_there:
                assert await asyncio.to_thread(client.recv, 1) == b''
                await here.until(*([] if secure else ['made', 'lost']))
                assert not here.connections._all

    run(loop_factory, main)
