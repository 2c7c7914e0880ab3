# SPDX-License-Identifier: Apache-2.0
"""SPICE consoles, with and without TLS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

import pytest

from console_ext import exceptions
from console_ext.proxy.networks import Networks
from console_ext.proxy.relay.connector import Connector
from console_ext.proxy.relay.consoles import PlainConsoles
from console_ext.proxy.relay.handshakes.spice import spice_consoles
from tests.parts.authority import Authority
from tests.parts.peers import Guest
from tests.parts.stores.factories import authorization
from tests.parts.waiting import until


@pytest.fixture
def secure(deployment, authority):
    """A function that creates the consoles of a configuration."""

    def make(**options):
        values = {'require_secure': True, 'tls_ca_certs': authority.file, **options}
        deployment.configure(spice=values)
        return spice_consoles(deployment.conf())

    return make


@pytest.fixture
def serve():
    """A function that starts a guest, which echoes; with TLS if it has a context."""
    with contextlib.ExitStack() as close:

        def start(context=None, serve=None):
            def encrypted(connection):
                with context.wrap_socket(connection, server_side=True) as wrapped:
                    wrapped.sendall(wrapped.recv(100))

            guest = Guest(serve or (None if context is None else encrypted))
            close.callback(guest.close)
            return guest.port

        yield start


def echoed(loop_factory, consoles, *, timeout_s: float = 30, **values) -> bytes:
    """Return what the guest answers to a client."""

    class Client:
        said = b''

        def send(self, data):
            self.said += data

        def close(self, end):
            pass

    async def run():
        connector = Connector(Networks([], ''), timeout_s)
        authorized = authorization(console_type='spice-html5', **values)
        try:
            target = await connector.connect(authorized, consoles.port(authorized))
            guest = await consoles.open(target, authorized)
        finally:
            connector.close()
        client = Client()
        guest.begin(client)
        guest.send(b'hello')
        await until(lambda: client.said)
        guest.leave()
        return client.said

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(run())


def test_without_tls(deployment):
    """The default, even if there is a TLS port."""
    consoles = spice_consoles(deployment.conf())
    assert isinstance(consoles, PlainConsoles)
    assert consoles.port(authorization(port=1, tls_port=2)) == 1


def test_by_tls(loop_factory, secure, authority, serve):
    """The TLS port is used; the plain port is not tried."""
    port = serve(authority.server('compute-1'))
    assert echoed(loop_factory, secure(), port=1, tls_port=port) == b'hello'


def test_only_a_port_for_tls(secure, deployment):
    """It is not used without TLS."""
    authorized = authorization(port=5901, tls_port=5901)
    assert secure().port(authorized) == 5901
    deployment.configure(spice={'require_secure': False})
    with pytest.raises(exceptions.TargetRefused, match='it has only a TLS port'):
        spice_consoles(deployment.conf()).port(authorized)


def test_no_port_for_tls(secure):
    """The plain port is not used instead."""
    with pytest.raises(exceptions.TargetRefused, match='it has no TLS port'):
        secure().port(authorization(port=1, tls_port=None))


@pytest.mark.parametrize('name', ['compute-1', '127.0.0.1'])
def test_names_of_the_certificate(loop_factory, secure, authority, serve, name):
    port = serve(authority.server(name))
    assert echoed(loop_factory, secure(), tls_port=port) == b'hello'


def test_a_certificate_of_another_host(loop_factory, secure, authority, serve):
    """It is refused, unless names are not verified."""
    port = serve(authority.server('compute-2'))
    with pytest.raises(exceptions.TargetRefused, match='the certificate is not for'):
        echoed(loop_factory, secure(), tls_port=port)
    lenient = secure(tls_verify_host_name=False)
    assert echoed(loop_factory, lenient, tls_port=port) == b'hello'


def test_a_certificate_of_another_authority(
    loop_factory, secure, authority, serve, tmp_path
):
    """It is refused until SIGHUP reloads the right one."""
    other = Authority(tmp_path / 'other')
    port = serve(other.server('compute-1'))
    consoles = secure()
    with pytest.raises(exceptions.TargetRefused, match='CERTIFICATE_VERIFY_FAILED'):
        echoed(loop_factory, consoles, tls_port=port)
    authority.file.write_bytes(other.file.read_bytes())
    consoles.reload()
    assert echoed(loop_factory, consoles, tls_port=port) == b'hello'


@pytest.mark.parametrize(
    'serve_it',
    [
        lambda connection: connection.sendall(b'REDQ' + bytes(100)),
        lambda connection: connection.recv(1),
        lambda connection: connection.shutdown(socket.SHUT_RDWR),
    ],
    ids=['no TLS', 'reset', 'end'],
)
def test_no_tls(loop_factory, secure, serve, serve_it):
    with pytest.raises(exceptions.TargetRefused, match='TLS: '):
        echoed(loop_factory, secure(), tls_port=serve(serve=serve_it))


def test_silence(loop_factory, secure, serve):
    """There is one deadline."""
    over = threading.Event()
    port = serve(serve=lambda connection: connection.recv(10**6) and over.wait(60))
    with pytest.raises(exceptions.TargetUnreachable, match='timed out') as caught:
        echoed(loop_factory, secure(), tls_port=port, timeout_s=0.3)
    assert not isinstance(caught.value, exceptions.TargetRefused)
    over.set()


def test_a_file_that_is_not_usable(secure):
    """It is an error at the start if TLS is enabled."""
    with pytest.raises(exceptions.ConfigurationError, match=r'\[spice\] tls_ca_certs'):
        secure(tls_ca_certs='/missing')
    secure(tls_ca_certs='/missing', require_secure=False)
