# SPDX-License-Identifier: Apache-2.0
"""The proxy embedded in a program, with TLS and on either event loop."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading

import pytest
from websockets.asyncio.client import connect as async_connect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from console_ext import exceptions
from console_ext.proxy import descriptors
from console_ext.proxy.relay.client import Session
from console_ext.proxy.server import Proxy
from tests.functional.proxy.wire import receive_for_ever, receive_until, upgrade
from tests.parts.tls_client import TLSClient
from tests.parts.waiting import wait_for


@pytest.fixture
def over_tls(loop, served, certificate):
    """A proxy with a certificate."""
    cert_file, key_file = certificate()
    return served.start(DEFAULT={'cert': cert_file, 'key': key_file})


def test_what_is_typed_is_sent_at_once(loop, served, monkeypatch):
    """TCP_NODELAY is set towards the client and the guest."""
    set_of = []
    begin = Session.begin

    def noting(session, transport, guest, *args, **more):
        for one in (transport, guest._transport):
            connected = one.get_extra_info('socket')
            set_of.append(connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        begin(session, transport, guest, *args, **more)

    monkeypatch.setattr(Session, 'begin', noting)
    proxy = served.start()
    proxy.connect(proxy.token(proxy.guest())).send(b'x')
    wait_for(lambda: set_of == [1, 1])


def test_start_and_stop(loop, served):
    """Sessions end with 1001, and no thread keeps running."""
    proxy = served.start()
    client = proxy.connect(proxy.token(proxy.guest()))
    port = proxy.port()
    proxy.proxy.stop()
    with pytest.raises(ConnectionClosed) as caught:
        receive_for_ever(client)
    assert caught.value.rcvd.code == 1001
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(('127.0.0.1', port))
    assert not proxy.proxy.alive()
    assert not [t for t in threading.enumerate() if t.name == 'console-proxy']
    proxy.proxy.stop()


def test_stop_while_a_console_is_opened(loop, served):
    """Opening is cancelled, the client gets an answer, and the grant is released."""
    proxy = served.start()
    answered = threading.Event()
    proxy.computes.answer = lambda: answered.wait(20)
    client = proxy.raw()
    client.sendall(upgrade(f'/?token={proxy.token(proxy.guest())}'))
    wait_for(lambda: proxy.store.open_sockets)
    proxy.proxy.stop()
    answered.set()
    assert not proxy.store.open_sockets
    assert receive_until(client, None).startswith(b'HTTP/1.1 503')


def test_stop_while_the_store_is_away(loop, served):
    """Sessions and the proxy end; leases expire in the store."""
    proxy = served.start()
    client = proxy.connect(proxy.token(proxy.guest()))
    proxy.store.away.set()
    proxy.proxy.stop()
    with pytest.raises(ConnectionClosed):
        receive_for_ever(client)
    assert not proxy.proxy.alive()


def test_stop_while_the_store_hangs(loop, served):
    """The proxy ends too."""
    proxy = served.start()
    client = proxy.connect(proxy.token(proxy.guest()))
    proxy.store.answers.clear()
    proxy.proxy.stop()
    with pytest.raises(ConnectionClosed):
        receive_for_ever(client)
    proxy.store.answers.set()


def test_stop_while_a_client_says_nothing(loop, served):
    """Neither idle connections nor slow readers of pages delay the stop."""
    proxy = served.start()
    silent, half = proxy.raw(), proxy.raw()
    half.sendall(b'GET / HT')
    # Both have been accepted when a later one is answered.
    proxy.ask(b'GET /healthcheck HTTP/1.0\r\n\r\n')
    proxy.proxy.stop()
    assert silent.recv(1) == half.recv(1) == b''


@pytest.mark.parametrize('secure', [False, True])
def test_the_oldest_that_waits_makes_room(
    loop, served, certificate, trusting, monkeypatch, secure
):
    """Connections without a request or a TLS handshake do not keep others out."""
    monkeypatch.setattr(descriptors, 'MAX_WAITING', 5)
    groups = {'console_proxy': {'handshake_timeout': 60}}
    if secure:
        cert_file, key_file = certificate()
        groups['DEFAULT'] = {'cert': cert_file, 'key': key_file}
    proxy = served.start(**groups)
    silent = [proxy.raw() for _ in range(8)]
    url = proxy.url(proxy.token(proxy.guest()), scheme='wss' if secure else 'ws')
    with TLSClient(url, trusting) if secure else connect(url, proxy=None) as client:
        client.send(b'x')
        assert client.recv(timeout=30) == b'x'
    assert silent[0].recv(1) == b''
    silent[-1].setblocking(False)
    with pytest.raises(BlockingIOError):
        silent[-1].recv(1)


def test_bulk_both_ways(loop, served):
    """An echo of 32 MiB."""
    proxy = served.start()
    url = proxy.url(proxy.token(proxy.guest()))
    data = bytes(range(256)) * 1024

    async def run():
        # The blocking client cannot receive while it sends.
        async with async_connect(url, proxy=None, compression=None) as client:
            sending = asyncio.create_task(_send(client, data))
            received = bytearray()
            while len(received) < 128 * len(data):
                received += await client.recv()
            await sending
            return received

    assert asyncio.run(run()) == data * 128


async def _send(client, data):
    for _ in range(128):
        await client.send(data)


def test_tls(over_tls, trusting):
    """Bulk data over wss, and the end of the session."""
    proxy = over_tls
    url = proxy.url(proxy.token(proxy.guest()), scheme='wss')
    with TLSClient(url, trusting) as client:
        data = bytes(range(256)) * 4096
        for _ in range(4):
            client.send(data)
            received = bytearray()
            while len(received) < len(data):
                received += client.recv(timeout=30)
            assert received == data


def test_tls_refusals_are_read(over_tls, trusting):
    """With TLS, the client gets the complete refusal."""
    with over_tls.raw() as raw, trusting.wrap_socket(raw) as client:
        client.sendall(upgrade('/?token=unknown'))
        answer = receive_until(client, None)
    assert answer.startswith(b'HTTP/1.1 401')
    assert answer.endswith(b'Request a new one.\n')


def test_tls_only(over_tls):
    """With a certificate, the port does not serve plain HTTP."""
    assert b'HTTP/1.1' not in over_tls.ask(upgrade('/?token=x'))


def test_tls_handshake_has_a_deadline(served, certificate):
    """A client that only connects is disconnected."""
    cert_file, key_file = certificate()
    proxy = served.start(
        DEFAULT={'cert': cert_file, 'key': key_file},
        console_proxy={'handshake_timeout': 0.3},
    )
    with proxy.raw() as client:
        client.settimeout(30)
        assert client.recv(1) == b''


def test_tls_minimum_version(served, certificate, trusting):
    """[console] ssl_minimum_version, as in Nova."""
    cert_file, key_file = certificate()
    proxy = served.start(
        DEFAULT={'cert': cert_file, 'key': key_file},
        console={'ssl_minimum_version': 'tlsv1_3'},
    )
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    with proxy.raw() as raw, pytest.raises(ssl.SSLError):
        trusting.wrap_socket(raw)


def test_tls_ciphers(served, certificate, trusting):
    """[console] ssl_ciphers, as in Nova: for TLS 1.2 and older."""
    cert_file, key_file = certificate()
    proxy = served.start(
        DEFAULT={'cert': cert_file, 'key': key_file},
        console={'ssl_ciphers': 'ECDHE-ECDSA-CHACHA20-POLY1305'},
    )
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    with proxy.raw() as raw, trusting.wrap_socket(raw) as client:
        assert client.cipher()[0] == 'ECDHE-ECDSA-CHACHA20-POLY1305'
    trusting.set_ciphers('ECDHE-ECDSA-AES256-GCM-SHA384')
    with proxy.raw() as raw, pytest.raises(ssl.SSLError):
        trusting.wrap_socket(raw)


@pytest.mark.parametrize(
    ('groups', 'said'),
    [
        ({'DEFAULT': {'cert': '/nonexistent'}}, 'No such file'),
        ({'console': {'allowed_origins': 'a b'}}, 'allowed_origins'),
        ({'console_proxy': {'trusted_proxies': '10.0.0.1/8'}}, 'trusted_proxies'),
        ({'console_proxy': {'allowed_targets': 'host'}}, 'allowed_targets'),
    ],
)
def test_options_that_are_not_usable(served, groups, said):
    """The proxy does not start, and gives the reason."""
    with pytest.raises(exceptions.ConfigurationError, match=said):
        served.start(**groups)


def test_ciphers_that_do_not_exist(served, certificate):
    """As above, with a certificate."""
    cert_file, key_file = certificate()
    with pytest.raises(exceptions.ConfigurationError, match='ssl_ciphers'):
        served.start(
            DEFAULT={'cert': cert_file, 'key': key_file},
            console={'ssl_ciphers': 'nonsense'},
        )


def test_a_port_that_is_taken(served):
    """The start fails and leaves nothing behind."""
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(exceptions.ConfigurationError, match='cannot listen'):
            served.start(serial_console={'serialproxy_port': port})
    assert not served.proxy.alive()
    served.proxy = None


def test_two_proxies_in_one_process(served, deployment):
    """They share nothing."""
    first = served.start()
    second = Proxy(deployment.conf(), first.store, first.computes)
    second.start()
    assert second.address('serial') != first.proxy.address('serial')
    second.stop()
    first.connect(first.token(first.guest())).send(b'x')
