# SPDX-License-Identifier: Apache-2.0
"""A connection to a console, with a real server."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from unittest import mock

import pytest
from websockets.asyncio.server import serve

from console_ext.client import certificates
from console_ext.client.connection import (
    Connection,
    Ended,
    Rejoin,
    open_connection,
)
from console_ext.client.control import REPORT_BYTES
from console_ext.client.endings import NotOpened
from console_ext.client.urls import InvalidURL

TOKEN = '5a8db9bd-8513-42a0-b42c-214b8fce4273'
PLAIN = certificates.context(True, {})


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """A refusal is one, however late it comes."""
    monkeypatch.setattr('console_ext.client.connection._REFUSAL_S', 20)


def run(scenario):
    async def within():
        async with asyncio.timeout(30):
            return await scenario()

    return asyncio.run(within())


@contextlib.asynccontextmanager
async def served(handler, **options):
    """A server on a free port, and its URL."""
    scheme = 'wss' if options.get('ssl') else 'ws'
    async with serve(handler, '127.0.0.1', 0, **options) as server:
        port = server.sockets[0].getsockname()[1]
        yield f'{scheme}://localhost:{port}/?token={TOKEN}'


async def echo(wire):
    async for message in wire:
        await wire.send(message)


def test_bytes_both_ways():
    async def scenario():
        async with served(echo) as url:
            connection = await open_connection(url, PLAIN)
            await connection.send(b'\xff\0')
            assert await connection.receive() == b'\xff\0'
            await connection.close()

    run(scenario)


def test_text_frames():
    """Other servers may send text frames."""

    async def greet(wire):
        await wire.send('grüße')
        await wire.wait_closed()

    async def scenario():
        async with served(greet) as url:
            connection = await open_connection(url, PLAIN)
            assert await connection.receive() == 'grüße'.encode()
            await connection.close()

    run(scenario)


def test_subprotocol():
    """websockify splits the list at commas only; a server may choose none."""
    offered = []

    async def look(wire):
        offered.append(wire.request.headers['Sec-WebSocket-Protocol'])

    async def scenario():
        for chosen in (['binary'], None):
            async with served(look, subprotocols=chosen) as url:
                connection = await open_connection(url, PLAIN)
                with pytest.raises(Ended):
                    await connection.receive()

    run(scenario)
    assert [one.split(',') for one in offered] == [['binary', ' console-ext.v1']] * 2


@pytest.mark.parametrize(
    ('code', 'by_guest', 'again'), [(1000, True, False), (1001, False, True)]
)
def test_end(code, by_guest, again):
    async def end(wire):
        await wire.close(code, 'A reason.')

    async def scenario():
        async with served(end) as url:
            connection = await open_connection(url, PLAIN)
            with pytest.raises(Ended) as caught:
                await connection.receive()
            with pytest.raises(Ended):
                await connection.send(b'x')
            return caught.value.closed

    closed = run(scenario)
    assert (closed.sentence, closed.by_guest, closed.again) == (
        'A reason.',
        by_guest,
        again,
    )


def test_lost():
    async def vanish(wire):
        wire.transport.abort()

    async def scenario():
        async with served(vanish) as url:
            connection = await open_connection(url, PLAIN)
            with pytest.raises(Ended) as caught:
                await connection.receive()
            return caught.value.closed

    closed = run(scenario)
    assert closed.again
    assert closed.sentence == 'The connection was lost.'


def test_too_much_in_one_message():
    """The connection is closed before the message fills the memory."""

    async def shout(wire):
        await wire.send(b'x' * (2**20 + 1))

    async def scenario():
        async with served(shout) as url:
            connection = await open_connection(url, PLAIN)
            with pytest.raises(Ended) as caught:
                await connection.receive()
            return caught.value.closed

    closed = run(scenario)
    assert not closed.again
    assert closed.sentence.startswith('The server broke the protocol')


@pytest.mark.parametrize(('status', 'again'), [(401, False), (503, True)])
def test_refused(status, again):
    def refuse(wire, request):
        response = wire.respond(status, 'Why not.\n')
        response.headers['Retry-After'] = '5'
        return response

    async def scenario():
        async with served(echo, process_request=refuse) as url:
            with pytest.raises(NotOpened) as caught:
                await open_connection(url, PLAIN)
            return caught.value

    error = run(scenario)
    assert str(error) == f'Why not. (HTTP {status})'
    assert (error.again, error.after_s) == (again, 5)


def test_nobody_listens():
    async def scenario():
        async with served(echo) as url:
            pass
        with pytest.raises(NotOpened, match='cannot be reached') as caught:
            await open_connection(url, PLAIN)
        return caught.value

    error = run(scenario)
    assert error.again
    assert TOKEN not in str(error)


@pytest.mark.parametrize('said', [b'', b'HTTP/1.1 '])
def test_a_server_that_closes_at_once(said):
    """As a load balancer whose proxies are away: another attempt may succeed."""

    async def close(reader, writer):
        await reader.readuntil(b'\r\n\r\n')
        writer.write(said)
        writer.close()

    async def scenario():
        server = await asyncio.start_server(close, '127.0.0.1', 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(NotOpened, match='closed the connection') as caught:
                await open_connection(f'ws://127.0.0.1:{port}/?token={TOKEN}', PLAIN)
        return caught.value

    error = run(scenario)
    assert error.again
    assert TOKEN not in str(error)


def test_no_websocket_server():
    async def speak(reader, writer):
        writer.write(b'220 mail.example.com ESMTP\r\n')
        writer.close()

    async def scenario():
        server = await asyncio.start_server(speak, '127.0.0.1', 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(NotOpened, match='is not a WebSocket server') as caught:
                await open_connection(f'ws://127.0.0.1:{port}/?token={TOKEN}', PLAIN)
        return caught.value

    error = run(scenario)
    assert not error.again
    assert TOKEN not in str(error)


@pytest.mark.parametrize(
    'what', ['http://u:secret@127.0.0.1:{}', 'nonsense://u:secret@h']
)
def test_http_proxy(monkeypatch, what):
    """An error of an HTTP proxy is reported without its password."""

    async def refuse(reader, writer):
        await reader.readuntil(b'\r\n\r\n')
        writer.write(b'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
        await writer.drain()
        writer.close()

    async def scenario():
        server = await asyncio.start_server(refuse, '127.0.0.1', 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            monkeypatch.setenv('https_proxy', what.format(port))
            monkeypatch.delenv('no_proxy', raising=False)
            with pytest.raises(NotOpened, match='HTTP proxy') as caught:
                await open_connection(f'wss://consoles.test/?token={TOKEN}', PLAIN)
        return caught.value

    error = run(scenario)
    assert 'secret' not in str(error)
    assert TOKEN not in str(error)


def test_no_url():
    with pytest.raises(InvalidURL):
        run(lambda: open_connection(f'http://h/?token={TOKEN}', PLAIN))


@pytest.fixture
def tls(certificate):
    """A server's context, and the file of its certificate."""
    cert_file, key_file = certificate()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)
    return context, str(cert_file)


def test_tls(tls):
    """Certificates are verified, unless the user disables it."""
    context, path = tls

    async def scenario():
        async with served(echo, ssl=context) as url:
            for verify in (path, False):
                connection = await open_connection(
                    url, certificates.context(verify, {})
                )
                await connection.send(b'x')
                assert await connection.receive() == b'x'
                await connection.close()
            with pytest.raises(NotOpened, match='cannot be verified') as caught:
                await open_connection(url, PLAIN)
        return caught.value

    error = run(scenario)
    assert '--os-cacert' in str(error)
    assert not error.again
    assert TOKEN not in str(error)


def test_another_s_certificate(tls):
    context, path = tls

    async def scenario():
        async with served(echo, ssl=context) as url:
            with pytest.raises(NotOpened, match='cannot be verified'):
                await open_connection(
                    url.replace('localhost', '127.1'),
                    certificates.context(path, {}),
                )

    run(scenario)


async def flood(wire):
    while True:
        await wire.send(b'x' * 65536)


def test_close_in_a_flood():
    """The server's close frame comes after all other data that it sends."""

    async def scenario():
        async with served(flood) as url:
            connection = await open_connection(url, PLAIN)
            await connection.receive()
            started = time.monotonic()
            await connection.close()
            return time.monotonic() - started

    assert run(scenario) < 10


def test_backpressure_on_the_server():
    """If the client does not read, the server has to stop sending."""
    sent = 0

    async def count(wire):
        nonlocal sent
        while True:
            await wire.send(b'x' * 65536)
            sent += 65536

    async def scenario():
        async with served(count) as url:
            connection = await open_connection(url, PLAIN)
            before = -1
            while before != sent:
                before = sent
                await asyncio.sleep(0.2)
            assert await connection.receive()
            # Data in the other direction is not delayed.
            await connection.send(b'^C')
            await connection.close()

    run(scenario)
    assert 0 < sent < 32 * 2**20


async def answer_never(**options):
    await asyncio.get_running_loop().create_future()


class Deaf:
    """A server that stops reading, so that it does not answer pings, until the end."""

    def __init__(self):
        self.end = asyncio.Event()

    async def __call__(self, wire):
        wire.transport.pause_reading()
        await self.end.wait()
        wire.transport.abort()


async def silent(url, answer_s=0.5):
    connection = await open_connection(url, PLAIN)
    return Connection(connection._wire, url, silence_s=0.1, answer_s=answer_s)


def test_watch():
    """A server that answers pings may be silent forever."""

    async def wait(wire):
        await wire.wait_closed()

    async def scenario():
        async with served(wait) as url:
            connection = await silent(url, answer_s=5)
            receiving = asyncio.ensure_future(connection.receive())
            watching = asyncio.ensure_future(connection.watch())
            done, _ = await asyncio.wait({receiving, watching}, timeout=1)
            assert not done
            for one in (receiving, watching):
                one.cancel()
            await asyncio.wait({receiving, watching})
            await connection.close()

    run(scenario)


def test_watch_a_server_that_is_gone():
    async def scenario():
        deaf = Deaf()
        async with served(deaf) as url:
            connection = await silent(url)
            receiving = asyncio.ensure_future(connection.receive())
            with pytest.raises(Ended) as caught:
                await connection.watch()
            with pytest.raises(Ended):
                await receiving
            deaf.end.set()
            return caught.value.closed

    closed = run(scenario)
    assert closed.again
    assert closed.sentence == 'The console does not answer.'


def test_watch_while_nobody_receives():
    """A slow terminal is not reported as a lost server."""

    async def scenario():
        deaf = Deaf()
        async with served(deaf) as url:
            connection = await silent(url)
            watching = asyncio.ensure_future(connection.watch())
            done, _ = await asyncio.wait({watching}, timeout=1.2)
            assert not done
            watching.cancel()
            await asyncio.wait({watching})
            deaf.end.set()
            await connection.close()

    run(scenario)


def test_leave_just_when_the_server_answers():
    """Watching ends, even if the answer to a ping arrives at the same moment."""

    async def scenario():
        answer = asyncio.get_running_loop().create_future()
        wire = mock.Mock(ping=mock.AsyncMock(return_value=answer), recv=answer_never)
        connection = Connection(wire, 'ws://console', silence_s=0.1, answer_s=5)
        receiving = asyncio.ensure_future(connection.receive())
        watching = asyncio.ensure_future(connection.watch())
        while not wire.ping.called:
            await asyncio.sleep(0.01)
        answer.set_result(0.0)
        watching.cancel()
        await asyncio.wait({watching}, timeout=20)
        assert watching.cancelled()
        receiving.cancel()
        await asyncio.wait({receiving})

    run(scenario)


V1 = {'subprotocols': ['console-ext.v1']}


def test_a_key_to_open_the_session_again():
    """It is in a text frame; other text frames are not data either."""

    async def greet(wire):
        await wire.send('{"rejoin": "a-key", "within": 60}')
        await wire.send('{"later": 1}')
        await wire.send('nonsense')
        await wire.send(b'login:')
        await wire.wait_closed()

    async def scenario():
        async with served(greet, **V1) as url:
            connection = await open_connection(f'{url}&a=b', PLAIN)
            assert await connection.receive() == b'login:'
            await connection.close()
            return url, connection.rejoin

    url, rejoin = run(scenario)
    opened = url.partition('?')[0]
    assert rejoin == Rejoin(f'{opened}?a=b&rejoin=a-key', 60)
    assert 'a-key' not in repr(rejoin)


def test_leave_while_the_proxy_may_still_refuse():
    """The connection does not stay open."""
    opened, gone = asyncio.Event(), asyncio.Event()

    async def wait(wire):
        opened.set()
        await wire.wait_closed()
        gone.set()

    async def scenario():
        async with served(wait, **V1) as url:
            opening = asyncio.create_task(open_connection(url, PLAIN))
            await opened.wait()
            await asyncio.sleep(0.1)
            opening.cancel()
            await asyncio.wait({opening})
            await gone.wait()

    run(scenario)


@pytest.mark.parametrize('options', [{}, {'subprotocols': ['binary']}])
def test_text_of_other_servers(options):
    """It is data, whatever it says."""
    text = '{"rejoin": "a-key", "within": 60}'

    async def greet(wire):
        await wire.send(text)
        await wire.wait_closed()

    async def scenario():
        async with served(greet, **options) as url:
            connection = await open_connection(url, PLAIN)
            assert await connection.receive() == text.encode()
            await connection.close()
            return connection.rejoin

    assert run(scenario) is None


@pytest.mark.parametrize('first', [b'login:', None])
def test_a_proxy_that_gives_no_key(first, monkeypatch):
    """The first data is not lost, and no data is no refusal."""
    monkeypatch.setattr('console_ext.client.connection._REFUSAL_S', 0.1)

    async def greet(wire):
        if first is not None:
            await wire.send(first)
        async for message in wire:
            await wire.send(message)

    async def scenario():
        async with served(greet, **V1) as url:
            connection = await open_connection(url, PLAIN)
            await connection.send(b'x')
            received = await connection.receive()
            if first is not None:
                assert received == first
                received = await connection.receive()
            assert received == b'x'
            assert connection.rejoin is None
            await connection.close()

    run(scenario)


@pytest.mark.parametrize(
    ('code', 'again', 'after_s'),
    [(4401, False, 0), (4409, False, 0), (4429, True, 10), (4502, True, 0)],
)
def test_refused_inside(code, again, after_s):
    """By the close frame, as by an HTTP status."""

    async def refuse(wire):
        await wire.close(code, 'Why not.')

    async def scenario():
        async with served(refuse, **V1) as url:
            with pytest.raises(NotOpened) as caught:
                await open_connection(url, PLAIN)
            return caught.value

    error = run(scenario)
    assert str(error) == f'Why not. (HTTP {code - 4000})'
    assert (error.again, error.after_s, error.status) == (again, after_s, code - 4000)


@pytest.mark.parametrize('code', [1000, 1001, 4001, 4999])
def test_closed_at_once_but_not_refused(code):
    async def close(wire):
        await wire.close(code, 'Why not.')

    async def scenario():
        async with served(close, **V1) as url:
            connection = await open_connection(url, PLAIN)
            with pytest.raises(Ended, match='Why not'):
                await connection.receive()

    run(scenario)


def test_a_reported_count():
    """Bytes that are written are reported from time to time."""
    reports = []

    async def talk(wire):
        await wire.send(b'x' * REPORT_BYTES)
        async for message in wire:
            reports.append(message)

    async def scenario():
        async with served(talk, **V1) as url:
            connection = await open_connection(url, PLAIN)
            reporting = asyncio.create_task(connection.report())
            data = await connection.receive()
            for part in (data[:-1], data[-1:]):
                await asyncio.sleep(0.05)
                assert reports == []
                connection.drawn(len(part))
            while not reports:
                await asyncio.sleep(0.01)
            reporting.cancel()
            await asyncio.wait({reporting})
            await connection.close()

    run(scenario)
    assert reports == [f'{{"drawn": {REPORT_BYTES}}}']


def test_no_count_for_other_servers():
    received = []

    async def collect(wire):
        received.extend([message async for message in wire])

    async def scenario():
        async with served(collect, subprotocols=['binary']) as url:
            connection = await open_connection(url, PLAIN)
            reporting = asyncio.create_task(connection.report())
            connection.drawn(10 * REPORT_BYTES)
            await asyncio.sleep(0.05)
            reporting.cancel()
            await asyncio.wait({reporting})
            await connection.close()

    run(scenario)
    assert received == []
