# SPDX-License-Identifier: Apache-2.0
"""A connection to a guest's console."""

from __future__ import annotations

import asyncio
import errno
import resource
import socket
import threading
import time

import pytest

from console_ext import exceptions
from console_ext.proxy.networks import Networks
from console_ext.proxy.relay import connector, keepalive
from console_ext.proxy.relay.connector import Connector, Target
from tests.parts.peers import Guest, full_backlog
from tests.parts.stores.factories import authorization


@pytest.fixture
def guest():
    """A function that starts a guest."""
    started = []

    def start(serve=None):
        started.append(Guest(serve))
        return started[-1]

    yield start
    for one in started:
        one.close()


def connect(port: int, allowed=(), timeout_s=30.0, **values) -> Target:
    async def run():
        connector = Connector(Networks(allowed, 'option'), timeout_s)
        try:
            return await connector.connect(authorization(**values), port)
        finally:
            connector.close()

    connected = asyncio.run(run())
    connected.socket.close()
    return connected


@pytest.mark.parametrize('host', ['127.0.0.1', 'localhost', '::ffff:127.0.0.1'])
@pytest.mark.parametrize('allowed', [[], ['127.0.0.0/8', '::1']])
def test_connect(guest, host, allowed):
    """By address and by name; the allowed networks apply to the resolved addresses."""
    assert connect(guest().port, allowed, host=host).early == b''


def resolve(monkeypatch, *addresses):
    """Make every name resolve to these addresses."""
    entries = [(0, 0, 0, '', (address, 0)) for address in addresses]
    monkeypatch.setattr(socket, 'getaddrinfo', lambda *_, **__: entries)


def test_the_next_address(monkeypatch):
    """An address that does not answer leaves time for the others."""
    with (
        full_backlog() as port,
        socket.create_server(('::1', port), family=socket.AF_INET6),
    ):
        resolve(monkeypatch, '127.0.0.1', '::1')
        assert connect(port, host='guest', timeout_s=6).early == b''


class WithoutIPv6:
    """The module socket on a machine that has no IPv6."""

    def __getattr__(self, name):
        return getattr(socket, name)

    def socket(self, family, *args):
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, 'Address family not supported')
        return socket.socket(family, *args)


def test_no_ipv6(guest, monkeypatch):
    """The guest is reached at its IPv4 address."""
    resolve(monkeypatch, '::1', '127.0.0.1')
    monkeypatch.setattr(connector, 'socket', WithoutIPv6())
    assert connect(guest().port, host='guest').early == b''


def test_options(guest):
    """Data is sent without delay, and a failed host is detected."""

    async def run():
        connector = Connector(Networks([], 'option'), 5)
        found = await connector.connect(authorization(), guest().port)
        with found.socket as connected:
            assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            unacknowledged = socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT
            assert connected.getsockopt(*unacknowledged) == keepalive.GONE_S * 1000

    asyncio.run(run())


@pytest.mark.parametrize('host', ['127.0.0.1', 'localhost', '::1'])
def test_forbidden(guest, host):
    """There is no attempt to connect."""
    one = guest()
    with pytest.raises(exceptions.TargetForbidden):
        connect(one.port, ['10.0.0.0/8', 'fe80::/10'], host=host)
    assert one.accepted == 0


@pytest.mark.parametrize('host', ['127.0.0.1', 'no-such.invalid', '', 'a b', '::1'])
def test_unreachable(host):
    """Both give the same error, with the reason for the log."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
        with pytest.raises(exceptions.TargetUnreachable):
            connect(port, host=host)


def test_out_of_descriptors(guest):
    """The error blames the proxy, not the guest."""
    port = guest().port
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def run():
        connector = Connector(Networks([], 'option'), 5)
        with socket.socket() as lowest:
            free = lowest.fileno()
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
        try:
            await connector.connect(authorization(), port)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    with pytest.raises(exceptions.ProxyBusy):
        asyncio.run(run())


def test_connect_handshake(guest):
    """Bytes after the answer are the guest's first output."""

    def serve(connection):
        assert connection.recv(100) == b'CONNECT a/b HTTP/1.1\r\n\r\n'
        for part in (b'HTTP/1.0 200 OK\r', b'\n\r\nlog', b'in: '):
            connection.sendall(part)
            time.sleep(0.02)

    connected = connect(guest(serve).port, internal_access_path='a/b')
    assert b'login: '.startswith(connected.early)


def test_connect_handshake_in_time(guest):
    """The deadline is for the whole handshake, however slow the answer is."""

    def serve(connection):
        connection.recv(100)
        for _ in range(100):
            connection.sendall(b'x')
            time.sleep(0.05)

    # A guest that ends is another error.
    with pytest.raises(exceptions.TargetUnreachable, match='timed out'):
        connect(guest(serve).port, timeout_s=0.3, internal_access_path='a')


def test_name_server_that_does_not_answer(guest, monkeypatch):
    """One unresolved name does not delay guests with other names."""
    silent, asked = threading.Event(), []
    real = socket.getaddrinfo

    def getaddrinfo(host, *args, **kwargs):
        asked.append(host)
        if host == 'silent.test':
            silent.wait(60)
            raise socket.gaierror('no answer')
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, 'getaddrinfo', getaddrinfo)
    port = guest().port

    async def run():
        connector = Connector(Networks([], 'option'), 4)
        dead = authorization(host='silent.test')
        waiting = [
            asyncio.create_task(connector.connect(dead, port)) for _ in range(100)
        ]
        while 'silent.test' not in asked:
            await asyncio.sleep(0.01)
        for _ in range(5):
            well = authorization(host='localhost')
            (await connector.connect(well, port)).socket.close()
        assert not any(task.done() for task in waiting)
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(result) for result in results} == {exceptions.TargetUnreachable}
        connector.close()

    asyncio.run(run())
    silent.set()
    assert asked.count('silent.test') == 1


def test_too_many_wait_for_one_name(monkeypatch):
    """The limit is for each name."""
    silent = threading.Event()
    monkeypatch.setattr(connector, 'MAX_WAITING_PER_NAME', 1)
    monkeypatch.setattr(socket, 'getaddrinfo', lambda *_, **__: silent.wait(60))

    async def run():
        connector = Connector(Networks([], 'option'), 0.2)
        dead = authorization(host='silent.test')
        tasks = [asyncio.create_task(connector.connect(dead, 1)) for _ in range(3)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [
            exceptions.TargetUnreachable,
            exceptions.TargetUnreachable,
            exceptions.ProxyBusy,
        ]
        connector.close()

    asyncio.run(run())
    silent.set()
