# SPDX-License-Identifier: Apache-2.0
"""Attaching with pipes, as in a script; tests/functional/attach has terminals."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import signal
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed

from console_ext.client import attach, certificates
from console_ext.client.endings import NotOpened, Status
from console_ext.client.source import GivenURL
from console_ext.client.terminal import Terminal
from tests.parts.websocket_server import TOKEN, echo, served

TLS = certificates.context(True, {})


class URLs:
    """A source with a URL or an error for each request."""

    name = 'web-1'
    again = True

    def __init__(self, *answers):
        self.asked = 0
        self._answers = answers

    def url(self):
        answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


class Pipes:
    """Standard input, output and error of a script."""

    def __init__(self):
        self._fds = [*os.pipe(), *os.pipe(), *os.pipe()]
        self.stdin, self._typed, self._shown, self.stdout, self._said, self.stderr = (
            self._fds
        )

    def type(self, data):
        os.write(self._typed, data)

    def end(self):
        os.close(self._typed)
        self._fds.remove(self._typed)

    def stop_reading(self):
        os.close(self._shown)
        self._fds.remove(self._shown)

    @property
    def shown(self):
        return self._rest(self._shown)

    @property
    def said(self):
        text = self._rest(self._said).decode()
        assert TOKEN not in text
        return text

    def _rest(self, fd):
        os.set_blocking(fd, False)
        found = b''
        with contextlib.suppress(BlockingIOError):
            while data := os.read(fd, 65536):
                found += data
        return found

    def close(self):
        for fd in self._fds:
            os.close(fd)


@pytest.fixture(autouse=True)
def short_delays(monkeypatch):
    """Let the client connect again at once."""
    monkeypatch.setattr('console_ext.client.backoff._FIRST_S', 0.02)


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A refusal is one, however late it comes: no proxy here says nothing."""
    monkeypatch.setattr('console_ext.client.connection._REFUSAL_S', 30)


@pytest.fixture
def pipes():
    made = Pipes()
    yield made
    made.close()


def run(source, pipes, linger_s=0.3, reconnect=None):
    if isinstance(source, str):
        source = GivenURL(source, 'the-guest')
    terminal = Terminal(pipes.stdin, pipes.stdout, pipes.stderr)
    options = attach.Options(None, linger_s, reconnect)
    return attach.attach(source, TLS, terminal, options)


def test_a_script(pipes):
    """Its input is sent, the guest's output is printed, and the client ends."""
    pipes.type(b'all \x1d bytes \x03\0\xff')
    pipes.end()
    with served(echo) as server:
        assert run(server.url, pipes, linger_s=2.5) == Status.LEFT
    assert pipes.shown == b'all \x1d bytes \x03\0\xff'
    assert pipes.said == ''


def test_lingers_while_the_guest_talks(pipes):
    """After the end of the input, the client waits for the guest's answer."""

    async def talk(wire):
        await wire.recv()
        for _ in range(6):
            await wire.send(b'.')
            await asyncio.sleep(0.5)
        await wire.recv()

    pipes.type(b'x')
    pipes.end()
    with served(talk) as server:
        assert run(server.url, pipes, linger_s=2.5) == Status.LEFT
    assert pipes.shown == b'.' * 6


def test_lingers_while_the_output_is_slow(pipes):
    """All received output is written before the client ends, even to a slow reader."""
    size = 2**20

    async def talk(wire):
        for _ in range(16):
            await wire.send(b'x' * (size // 16))
        with contextlib.suppress(ConnectionClosed):
            await wire.recv()

    pipes.end()
    found = bytearray()

    def read_late():
        time.sleep(4)
        while len(found) < size:
            found.extend(os.read(pipes._shown, 65536))

    reader = threading.Thread(target=read_late)
    reader.start()
    with served(talk) as server:
        assert run(server.url, pipes, linger_s=2.5) == Status.LEFT
    reader.join(20)
    assert len(found) == size


def test_the_guest_ends(pipes):
    async def end(wire):
        await wire.send(b'bye')
        await wire.close(1000, 'The guest ended the console.')

    with served(end) as server:
        assert run(server.url, pipes) == Status.LEFT
    assert pipes.shown == b'bye'
    assert pipes.said == 'console-ext: The guest ended the console.\n'


def test_refused(pipes):
    def refuse(wire, request):
        return wire.respond(401, 'The token is not valid.\n')

    with served(echo, process_request=refuse) as server:
        assert run(server.url, pipes) == Status.REFUSED
    assert pipes.said == 'console-ext: The token is not valid. (HTTP 401)\n'


def test_no_url(pipes):
    source = URLs(NotOpened('Instance x could not be found.', again=False))
    assert run(source, pipes) == Status.REFUSED
    assert pipes.said == 'console-ext: Instance x could not be found.\n'


@pytest.mark.parametrize(
    ('url', 'said'), [('http://h/', 'ws://'), ('ws://', 'no host')]
)
def test_the_api_gives_nonsense(pipes, url, said):
    assert run(URLs(f'{url}?token={TOKEN}'), pipes) == Status.REFUSED
    assert said in pipes.said


async def lose(wire):
    wire.transport.abort()


def test_a_given_url_is_lost(pipes):
    """There is no other URL, so the client ends."""
    with served(lose) as server:
        assert run(server.url, pipes, reconnect=True) == Status.LOST
    assert pipes.said == 'console-ext: The connection was lost.\n'


def test_a_script_s_connection_is_lost(pipes):
    """A script cannot know what was lost, so the client ends."""
    with served(lose) as server:
        assert run(URLs(server.url), pipes) == Status.LOST


def test_connects_again(pipes):
    """An interactive client reconnects with a new URL, and tells the user."""

    async def lose_first(wire):
        if source.asked == 1:
            await wire.close(1001, 'The proxy is being stopped; connect again.')
        else:
            await wire.send(b'here I am')
            await wire.close(1000, 'Done.')

    with served(lose_first) as server:
        source = URLs(server.url)
        assert run(source, pipes, reconnect=True) == Status.LEFT
    assert source.asked == 2
    assert pipes.shown == b'here I am'
    assert pipes.said.splitlines() == [
        'console-ext: The proxy is being stopped; connect again. Reconnecting.',
        'console-ext: Reconnected with a new URL.',
        'console-ext: Done.',
    ]


def test_connects_again_after_failures(pipes):
    """Temporary errors are retried; permanent ones end the client."""

    with served(lose) as server:
        source = URLs(
            server.url,
            NotOpened('The compute service is unavailable.', again=True),
            NotOpened("Cannot 'get_serial_console' while stopped", again=False),
        )
        assert run(source, pipes, reconnect=True) == Status.LOST
    assert source.asked == 3
    assert pipes.said.splitlines() == [
        'console-ext: The connection was lost. Reconnecting.',
        "console-ext: Cannot 'get_serial_console' while stopped",
    ]


def test_a_decision_is_final(pipes):
    """The client does not reopen a session that was idle or revoked."""

    async def revoke(wire):
        await wire.close(1008, 'The access to this console was revoked.')

    with served(revoke) as server:
        source = URLs(server.url)
        assert run(source, pipes, reconnect=True) == Status.LOST
    assert source.asked == 1


class Sessions:
    """A proxy whose sessions can be opened again.

    :param handlers: of the connections, in order; each gets the connection
    :ivar queries: what the connections were opened with
    """

    def __init__(self, *handlers):
        self.queries = []
        self._handlers = handlers

    async def __call__(self, wire):
        self.queries.append(wire.request.path.partition('?')[2])
        number = len(self.queries)
        await self._handlers[number - 1](wire)

    @property
    def served(self):
        return served(self, subprotocols=['console-ext.v1'])


def greeting(key, then, *rest):
    """A handler that gives a key, and then does something."""

    async def handle(wire):
        await wire.send(f'{{"rejoin": "{key}", "within": 60}}')
        await then(wire, *rest)

    return handle


async def close(wire, code=1000, reason='Done.'):
    await wire.close(code, reason)


def test_a_given_url_opens_its_session_again(pipes):
    """With the newest key."""
    going = (1001, 'The proxy is being stopped; connect again.')
    sessions = Sessions(
        greeting('key-1', lose), greeting('key-2', close, *going), close
    )
    with sessions.served as server:
        assert run(server.url, pipes, reconnect=True) == Status.LEFT
    assert sessions.queries == [f'token={TOKEN}', 'rejoin=key-1', 'rejoin=key-2']
    assert pipes.said.splitlines() == [
        'console-ext: The connection was lost. Reconnecting.',
        'console-ext: Reconnected to the same session.',
        'console-ext: The proxy is being stopped; connect again. Reconnecting.',
        'console-ext: Reconnected to the same session.',
        'console-ext: Done.',
    ]


def test_a_given_url_whose_key_is_refused(pipes):
    sentence = 'This session cannot be opened again. Request a new console URL.'
    sessions = Sessions(
        greeting('key-1', lose),
        functools.partial(close, code=4502, reason='Try again later.'),
        functools.partial(close, code=4401, reason=sentence),
    )
    with sessions.served as server:
        assert run(server.url, pipes, reconnect=True) == Status.LOST
    assert sessions.queries[1:] == ['rejoin=key-1'] * 2
    assert pipes.said.splitlines()[1:] == [f'console-ext: {sentence} (HTTP 401)']


def test_a_new_url_after_a_key_that_is_refused(pipes):
    """The same session first; the user learns which one it is."""
    sessions = Sessions(
        greeting('key-1', lose),
        functools.partial(close, code=4401, reason='No.'),
        close,
    )
    with sessions.served as server:
        source = URLs(server.url)
        assert run(source, pipes, reconnect=True) == Status.LEFT
    assert source.asked == 2
    assert sessions.queries == [f'token={TOKEN}', 'rejoin=key-1', f'token={TOKEN}']
    assert pipes.said.splitlines() == [
        'console-ext: The connection was lost. Reconnecting.',
        'console-ext: Reconnected with a new URL.',
        'console-ext: Done.',
    ]


def test_the_api_is_not_asked_while_a_key_works(pipes):
    sessions = Sessions(greeting('key-1', lose), close)
    with sessions.served as server:
        source = URLs(server.url)
        assert run(source, pipes, reconnect=True) == Status.LEFT
    assert source.asked == 1


@pytest.mark.parametrize('code', [1008, 4001])
def test_a_key_is_not_used_after_a_decision(pipes, code):
    """The session was revoked, or continues in another window."""
    sessions = Sessions(greeting('key-1', close, code, 'Why.'))
    with sessions.served as server:
        assert run(server.url, pipes, reconnect=True) == Status.LOST
    assert len(sessions.queries) == 1
    assert pipes.said == 'console-ext: Why.\n'


def test_refused_inside(pipes):
    refuse = functools.partial(close, code=4401, reason='The token is not valid.')
    with Sessions(refuse).served as server:
        assert run(server.url, pipes) == Status.REFUSED
    assert pipes.said == 'console-ext: The token is not valid. (HTTP 401)\n'


def test_reports_what_is_written(pipes):
    """Everything, in the end but for less than the proxy waits for."""
    reports = []

    async def talk(wire):
        for _ in range(64):
            await wire.send(b'x' * 16384)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.001):
                    reports.append(json.loads(await wire.recv())['drawn'])
        while not reports or 2**20 - reports[-1] >= 2**15:
            reports.append(json.loads(await wire.recv())['drawn'])
        await wire.close(1000, 'Done.')

    reader = threading.Thread(target=lambda: drain(pipes, 2**20))
    reader.start()
    with Sessions(talk).served as server:
        assert run(server.url, pipes) == Status.LEFT
    reader.join(20)
    assert reports == sorted(set(reports))


def drain(pipes, size):
    while size:
        size -= len(os.read(pipes._shown, size))


def test_gives_up(pipes, monkeypatch):
    monkeypatch.setattr('console_ext.client.backoff.GIVE_UP_S', 0.6)
    with served(lose) as server:
        assert run(URLs(server.url), pipes, reconnect=True) == Status.LOST
    assert pipes.said.endswith(
        'console-ext: Reconnecting has failed. Try again later.\n'
    )


def test_nobody_reads(pipes):
    """As when the output goes to "head"."""

    async def talk(wire):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await wire.send(b'x' * 1000)
                # For the close frame of the client.
                await asyncio.sleep(0)

    pipes.stop_reading()
    with served(talk) as server:
        assert run(server.url, pipes) == Status.LEFT


def test_full_disk(pipes):
    """Output that is lost is an error."""
    full = os.open('/dev/full', os.O_WRONLY)
    os.dup2(full, pipes.stdout)
    os.close(full)
    with served(echo) as server:
        pipes.type(b'x')
        assert run(server.url, pipes) == Status.LOST
    assert pipes.said == (
        'console-ext: The output cannot be written: No space left on device.\n'
    )


@pytest.mark.parametrize(
    'number', [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT]
)
def test_signals(pipes, number):
    before = signal.getsignal(number)

    async def kill(wire):
        os.kill(os.getpid(), number)
        await wire.recv()

    with served(kill) as server:
        assert run(server.url, pipes) == 128 + number
    assert signal.getsignal(number) == before


def test_a_signal_while_the_api_does_not_answer(pipes):
    """The call continues in its thread without delaying the end."""
    go_on = threading.Event()

    class Slow(URLs):
        def url(self):
            os.kill(os.getpid(), signal.SIGTERM)
            go_on.wait(60)
            return super().url()

    slow = Slow('ws://h/')
    assert run(slow, pipes) == 128 + signal.SIGTERM
    assert not slow.asked
    go_on.set()


def test_ignored_signals_stay_so(pipes):
    """As with nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:

        async def kill(wire):
            os.kill(os.getpid(), signal.SIGHUP)
            await wire.close(1000, 'Done.')

        with served(kill) as server:
            assert run(server.url, pipes) == Status.LEFT
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
