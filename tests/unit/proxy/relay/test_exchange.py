# SPDX-License-Identifier: Apache-2.0
"""A connection to a guest during a handshake."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from unittest import mock

import pytest

from console_ext.proxy.relay.connector import Target
from console_ext.proxy.relay.exchange import Exchange
from console_ext.proxy.relay.guest import Client
from console_ext.proxy.relay.tls import GuestTLS
from tests.parts.waiting import until

LARGE = 2**21


@contextlib.asynccontextmanager
async def exchanging(early: bytes = b''):
    """An exchange and the other end of its connection."""
    ours, theirs = socket.socketpair()
    for one in (ours, theirs):
        one.setblocking(False)
    with theirs:
        made = await Exchange.on(Target(ours, early, 0))
        yield made, theirs
        made.abort()


async def received(theirs: socket.socket) -> bytes:
    return await asyncio.get_running_loop().sock_recv(theirs, 100)


def said(client: mock.Mock) -> bytes:
    """Return what a client was sent."""
    return b''.join(call.args[0] for call in client.send.call_args_list)


@pytest.fixture
def run(loop_factory):
    """Run a coroutine on either event loop."""
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        yield runner.run


def test_read_and_write(run):
    """Received data is returned at once; otherwise reading waits."""

    async def test():
        async with exchanging(b'early') as (made, theirs):
            assert await made.read() == b'early'
            reading = asyncio.create_task(made.read())
            await asyncio.sleep(0.01)
            assert not reading.done()
            theirs.sendall(b'hello')
            assert await reading == b'hello'
            made.write(b'')
            made.write(b'good bye')
            assert await received(theirs) == b'good bye'

    run(test())


def test_the_end(run):
    """Received data is returned first; the end is an empty result."""

    async def test():
        async with exchanging() as (made, theirs):
            theirs.sendall(b'last')
            theirs.close()
            await asyncio.sleep(0.02)
            assert await made.read() == b'last'
            assert [await made.read() for _ in range(2)] == [b'', b'']
            with pytest.raises(ConnectionError):
                made.hand_over(b'')

    run(test())


def test_a_flood(run):
    """Data that nobody reads stays in the connection."""

    async def test():
        async with exchanging() as (made, theirs):
            sent = 0
            for _ in range(40):
                await asyncio.sleep(0.002)
                with contextlib.suppress(BlockingIOError):
                    sent += theirs.send(bytes(LARGE))
            assert sent <= 2**20
            assert 0 < len(await made.read()) <= 2**19
            await made.read()

    run(test())


def test_it_is_handed_over(run):
    """No data is lost, and the guest is read when there is a client."""

    async def test():
        async with exchanging() as (made, theirs):
            theirs.sendall(b'b')
            await asyncio.sleep(0.01)
            guest = made.hand_over(b'a')
            theirs.sendall(b'c')
            await asyncio.sleep(0.01)
            client = mock.Mock(spec=Client)
            guest.begin(client)
            await until(lambda: said(client) == b'abc')
            guest.send(b'hello')
            assert await received(theirs) == b'hello'
            guest.leave()
            assert await received(theirs) == b''

    run(test())


def _serve_tls(theirs: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
    """Do the server's side of TLS on the other end, in a thread."""
    theirs.settimeout(30)
    assert theirs.recv(5) == b'start'
    encrypted = context.wrap_socket(theirs, server_side=True)
    encrypted.sendall(b'hello')
    assert encrypted.recv(100) == b'yes'
    return encrypted


def test_tls(run, authority):
    """TLS starts on the open connection; then the guest takes it over."""
    context = authority.server('compute-1')
    tls = GuestTLS('', ca_certs=str(authority.file))

    async def test():
        async with exchanging() as (made, theirs):
            serving = asyncio.create_task(
                asyncio.to_thread(_serve_tls, theirs, context)
            )
            made.write(b'start')
            await made.start_tls(tls, ['compute-1'])
            assert await made.read() == b'hello'
            made.write(b'yes')
            encrypted = await serving
            encrypted.sendall(b'a')
            assert await made.read() == b'a'
            encrypted.sendall(b'b')
            await asyncio.sleep(0.02)
            guest, client = made.hand_over(b'a'), mock.Mock(spec=Client)
            encrypted.sendall(b'c')
            await asyncio.sleep(0.02)
            guest.begin(client)
            await until(lambda: said(client) == b'abc')
            encrypted.close()
            await until(lambda: client.close.called)
            guest.leave()

    run(test())


def test_a_server_that_ends_tls_is_no_warning(run, authority, caplog):
    """asyncio would log a warning for a guest that stays half open."""
    test_tls(run, authority)
    assert caplog.messages == []


@pytest.mark.parametrize(
    ('names', 'says'),
    [(['compute-2'], 'not for compute-2'), (['127.0.0.1'], r'not for 127\.0\.0\.1')],
)
def test_another_host(run, authority, names, says):
    context = authority.server('compute-1')
    tls = GuestTLS('', ca_certs=str(authority.file))

    async def test():
        async with exchanging() as (made, theirs):
            serving = asyncio.create_task(
                asyncio.to_thread(_serve_tls, theirs, context)
            )
            made.write(b'start')
            with pytest.raises(ValueError, match=says):
                await made.start_tls(tls, names)
            made.abort()
            with pytest.raises((OSError, AssertionError)):
                await serving

    run(test())


@pytest.mark.parametrize('answer', [b'HTTP/1.1 400 Bad\r\n\r\n', None])
def test_no_tls(run, authority, answer):
    """The other side sends other bytes, or closes."""
    tls = GuestTLS('', ca_certs=str(authority.file))

    async def test():
        async with exchanging() as (made, theirs):
            starting = asyncio.create_task(made.start_tls(tls, ['compute-1']))
            await asyncio.sleep(0.02)
            if answer is None:
                theirs.close()
            else:
                theirs.sendall(answer)
            with pytest.raises(OSError):
                await starting

    run(test())


@pytest.mark.parametrize('ends', [False, True])
def test_bytes_where_tls_begins(run, authority, ends):
    """Unencrypted bytes must not be mistaken for encrypted ones."""
    tls = GuestTLS('', ca_certs=str(authority.file))

    async def test():
        async with exchanging() as (made, theirs):
            if ends:
                theirs.close()
            else:
                theirs.sendall(b'x')
            await until(lambda: made._received or made._ended)
            with pytest.raises(ConnectionError):
                await made.start_tls(tls, ['compute-1'])

    run(test())


def test_giving_up_tls(run, authority):
    """The connection is closed."""
    tls = GuestTLS('', ca_certs=str(authority.file))

    async def test():
        async with exchanging() as (made, theirs):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await made.start_tls(tls, ['compute-1'])
            made.abort()
            await asyncio.sleep(0.02)
            loop = asyncio.get_running_loop()
            with contextlib.suppress(ConnectionResetError):
                while await loop.sock_recv(theirs, 1000):
                    pass

    run(test())
