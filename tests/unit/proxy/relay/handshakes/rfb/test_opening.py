# SPDX-License-Identifier: Apache-2.0
"""The handshake with the compute host, on a connection."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import time
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console_ext.proxy.relay.connector import Target
from console_ext.proxy.relay.guest import Client
from console_ext.proxy.relay.handshakes.rfb.opening import open_rfb
from console_ext.proxy.relay.handshakes.rfb.protocol import HandshakeError, SecurityType
from console_ext.proxy.relay.tls import GuestTLS
from tests.parts.authority import Authority
from tests.parts.peers import Guest, reset
from tests.parts.vnc_host import VNCHost
from tests.parts.waiting import until
from tests.unit.proxy.relay.handshakes.rfb.peers import (
    IN_TLS,
    PLAIN,
    SERVER_INIT,
    TO_TLS,
    refusal,
)

NONE, VENCRYPT = SecurityType.NONE, SecurityType.VENCRYPT
NAMES = ('compute-1', '127.0.0.1')


@pytest.fixture
def run(loop_factory):
    """Run a coroutine on either event loop."""
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        yield runner.run


@pytest.fixture
def started():
    """A function that starts a host, which is stopped at the end."""
    with contextlib.ExitStack() as close:
        yield lambda host: close.enter_context(contextlib.closing(host))


async def opened(port, *schemes, tls=None, timeout_s=60.0, early=b'', names=NAMES):
    loop = asyncio.get_running_loop()
    connected = socket.socket()
    connected.setblocking(False)
    await loop.sock_connect(connected, ('127.0.0.1', port))
    target = Target(connected, early, loop.time() + timeout_s)
    return await open_rfb(target, schemes or (NONE,), tls, names)


async def talk(guest, behind: bytes = b'') -> None:
    """Return what the guest echoes after its first output."""
    client = mock.Mock(spec=Client)
    guest.begin(client)
    guest.send(b'hello')
    await until(
        lambda: (
            b''.join(call.args[0] for call in client.send.call_args_list)
            == behind + b'hello'
        )
    )
    guest.leave()


@pytest.mark.parametrize('size', [0, 1, 7])
@pytest.mark.parametrize('behind', [b'', b'update'])
def test_plain(run, started, size, behind):
    """The handshake may be split in any way; then bytes are relayed."""
    host = started(VNCHost(size=size, behind=behind))

    async def test():
        guest, server_init = await opened(host.port)
        assert server_init == SERVER_INIT
        await talk(guest, behind)

    run(test())
    assert host.shared == [b'\1']


@pytest.mark.parametrize('size', [0, 1])
@pytest.mark.parametrize('with_client', [False, True])
def test_vencrypt(run, started, authority, size, with_client):
    """With and without our own certificate; then encrypted bytes are relayed."""
    context = authority.server('compute-1', wants_client=with_client)
    host = started(VNCHost(b'\1\x13', tls=context, size=size, behind=b'update'))
    cert, key = map(str, authority.issue('client')) if with_client else (None, None)
    ca_certs = str(authority.file)
    tls = GuestTLS('', ca_certs=ca_certs, client_cert=cert, client_key=key)

    async def test():
        guest, server_init = await opened(host.port, VENCRYPT, NONE, tls=tls)
        assert server_init == SERVER_INIT
        await talk(guest, b'update')

    run(test())
    assert host.chosen == [19]
    assert bool(host.certificates[0]) is with_client


def test_what_came_with_the_connection(run, started):
    """A hypervisor may send it together with its answer to CONNECT."""

    def serve(connection):
        connection.recv(12)
        for said, _ in PLAIN[1:]:
            connection.sendall(said)
        connection.recv(100)

    host = started(Guest(serve))

    async def test():
        guest, server_init = await opened(host.port, early=PLAIN[0][0])
        assert server_init == SERVER_INIT
        guest.leave()

    run(test())


def failures(run, ports, *schemes, **options) -> list[str]:
    """Return the errors of hosts, which come at once."""

    async def refused(port):
        with pytest.raises((HandshakeError, OSError)) as caught:
            await opened(port, *schemes, **options)
        return str(caught.value)

    async def test():
        return await asyncio.gather(*map(refused, ports))

    started = time.monotonic()
    texts = run(test())
    assert time.monotonic() - started < 30
    return texts


def failure(run, port, *schemes, **options) -> str:
    (text,) = failures(run, [port], *schemes, **options)
    return text


def test_a_certificate_of_another_authority(run, started, authority, tmp_path):
    host = started(VNCHost(b'\x13', tls=authority.server('compute-1')))
    other = GuestTLS('', ca_certs=str(Authority(tmp_path / 'other').file))
    said = failure(run, host.port, VENCRYPT, tls=other)
    assert 'CERTIFICATE_VERIFY_FAILED' in said


@pytest.mark.parametrize('names', [('compute-2',), ()])
def test_a_certificate_of_another_host(run, started, authority, names):
    """It is refused, unless names are not verified, as in Nova."""
    host = started(VNCHost(b'\x13', tls=authority.server(*names)))
    ca_certs = str(authority.file)
    strict = GuestTLS('', ca_certs=ca_certs)
    said = failure(run, host.port, VENCRYPT, tls=strict)
    assert said == 'TLS: the certificate is not for 127.0.0.1 or compute-1'
    assert host.shared == []

    async def test():
        tls = GuestTLS('', ca_certs=ca_certs, verify_name=False)
        guest, _ = await opened(host.port, VENCRYPT, tls=tls)
        guest.leave()

    run(test())


@pytest.mark.parametrize('name', ['compute-1', '127.0.0.1'])
def test_a_certificate_of_the_host(run, started, authority, name):
    """It has the host's name in Nova, or its address."""
    host = started(VNCHost(b'\x13', tls=authority.server(name)))

    async def test():
        tls = GuestTLS('', ca_certs=str(authority.file))
        guest, _ = await opened(host.port, VENCRYPT, tls=tls)
        guest.leave()

    run(test())


def test_no_certificate_where_one_is_wanted(run, started, authority):
    """With TLS 1.3, the host only reports it after the handshake."""
    context = authority.server('compute-1', wants_client=True)
    host = started(VNCHost(b'\x13', tls=context))
    tls = GuestTLS('', ca_certs=str(authority.file))
    said = failure(run, host.port, VENCRYPT, tls=tls)
    assert 'certificate' in said


BYTES_PLAIN = b''.join(said for said, _ in PLAIN)
BYTES_TO_TLS = b''.join(said for said, _ in TO_TLS)


def silences(
    run, started, counts, host_tls=None, authority=None, timeout_s=0.5
) -> dict[int, str]:
    """Return the error for each number of bytes that a host sends before it is silent.

    The hosts are silent at the same time.
    """
    types, schemes, tls = b'\1', (NONE,), None
    if host_tls is not None:
        types, schemes = b'\x13', (VENCRYPT,)
        tls = GuestTLS('', ca_certs=str(authority.file))
    ports = [
        started(VNCHost(types, tls=host_tls, silent_after=count)).port
        for count in counts
    ]
    said = failures(run, ports, *schemes, tls=tls, timeout_s=timeout_s)
    return dict(zip(counts, said, strict=True))


def test_a_host_that_is_silent_after_each_byte(started):
    """There is one deadline, and the error names the missing message."""
    said = silences(asyncio.run, started, range(len(BYTES_PLAIN)))
    for count, text in said.items():
        assert text.startswith('timed out waiting for its '), count


def test_a_host_that_is_silent_before_tls(started, authority):
    counts = range(12, len(BYTES_TO_TLS) + 1)
    # The hosts have to come so far before.
    said = silences(asyncio.run, started, counts, authority.server(), authority, 3)
    for count, text in said.items():
        awaited = 'TLS' if count == len(BYTES_TO_TLS) else 'its '
        assert text.startswith(f'timed out waiting for {awaited}'), count


BYTES_IN_TLS = b''.join(said for said, _ in IN_TLS)


def test_a_host_that_is_silent_in_tls(run, started, authority):
    """The host sends the first part of TLS and then nothing."""
    counts = range(1, len(BYTES_IN_TLS), 5)
    said = silences(
        run,
        started,
        [len(BYTES_TO_TLS) + count for count in counts],
        authority.server('compute-1'),
        authority,
    )
    for count, text in said.items():
        assert text.startswith('timed out waiting for '), count


@pytest.mark.parametrize('reset_it', [False, True])
@pytest.mark.parametrize('count', [0, 5, 12, 13, 14, 16, 18, 30, 40])
def test_a_host_that_ends_after_each_byte(run, started, count, reset_it):
    """It is reported as a refusal."""

    def serve(connection):
        connection.sendall(BYTES_PLAIN[:count])
        if count >= 12:
            connection.recv(12)
        if reset_it:
            time.sleep(0.02)
            reset(connection)

    said = failure(run, started(Guest(serve)).port)
    assert said.startswith('it closed the connection')


def test_a_host_that_ends_behind_its_server_init(run, started):
    """The console cannot be opened."""

    def serve(connection):
        connection.sendall(BYTES_PLAIN)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(100):
            pass

    host = started(Guest(serve))

    async def test():
        with contextlib.suppress(ConnectionError):
            guest, _ = await opened(host.port)
            client = mock.Mock(spec=Client)
            guest.begin(client)
            await until(lambda: client.close.called)
            guest.leave()

    run(test())


@pytest.mark.parametrize(
    ('said', 'reason'),
    [
        (PLAIN[0][0] + b'\0' + refusal(b'Too many.'), r'it refuses: Too many\.'),
        (b'HTTP/1.1 400 Bad Request\r\n\r\n', 'does not support RFB'),
        (PLAIN[0][0] + b'\1\2', 'offers the security types 2'),
    ],
)
def test_a_host_that_refuses(run, started, said, reason):
    def serve(connection):
        connection.sendall(said)
        while connection.recv(100):
            pass

    assert re.search(reason, failure(run, started(Guest(serve)).port))


def test_a_flood(run, started):
    """At most one read is buffered after the handshake."""

    def serve(connection):
        connection.sendall(BYTES_PLAIN)
        while True:
            connection.sendall(bytes(2**18))

    host = started(Guest(serve))

    async def test():
        guest, _ = await opened(host.port)
        await asyncio.sleep(0.1)
        assert len(guest._early) <= 2**20
        guest.leave()

    run(test())


PARTS = st.lists(
    st.sampled_from([said for said, _ in (*PLAIN, *TO_TLS)]) | st.binary(max_size=40),
    max_size=8,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PARTS)
def test_any_bytes(authority, parts):
    """The result is a guest or one of two errors."""
    tls = GuestTLS('', ca_certs=str(authority.file))

    async def test():
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            theirs.sendall(b''.join(parts))
            theirs.shutdown(socket.SHUT_WR)
            target = Target(ours, b'', asyncio.get_running_loop().time() + 30)
            try:
                guest, _ = await open_rfb(target, (VENCRYPT, NONE), tls, NAMES)
            except (HandshakeError, ConnectionError):
                return
            guest.leave()

    asyncio.run(test())


def test_a_cancelled_handshake(run, started):
    """The connection is closed."""
    gone = []

    def serve(connection):
        gone.append(connection.recv(100))

    host = started(Guest(serve))

    async def test():
        opening = asyncio.create_task(opened(host.port))
        await until(lambda: host.accepted)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await until(lambda: gone)
        assert gone == [b'']

    run(test())
