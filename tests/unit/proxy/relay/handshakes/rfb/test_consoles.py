# SPDX-License-Identifier: Apache-2.0
"""VNC consoles with their configuration."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest

from console_ext import exceptions
from console_ext.proxy.networks import Networks
from console_ext.proxy.relay.connector import Connector
from console_ext.proxy.relay.handshakes.rfb.consoles import VNCConsoles
from console_ext.proxy.relay.handshakes.rfb.mediator import Mediator
from tests.parts.authority import Authority
from tests.parts.stores.factories import authorization
from tests.parts.vnc_host import VNCHost


@pytest.fixture
def started():
    """A function that starts a host, which is stopped at the end."""
    with contextlib.ExitStack() as close:
        yield lambda host: close.enter_context(contextlib.closing(host))


def opened(consoles: VNCConsoles, port: int, timeout_s: float = 30, **values):
    """Open a console as admission and listener do."""

    async def run():
        connector = Connector(Networks([], ''), timeout_s)
        authorized = authorization(port=port, **values)
        try:
            target = await connector.connect(authorized, consoles.port(authorized))
            guest = await consoles.open(target, authorized)
        finally:
            connector.close()
        assert isinstance(guest, Mediator)
        guest.leave()

    asyncio.run(run())


def test_plain(deployment, started):
    """The default, without certificates to reload."""
    consoles = VNCConsoles(deployment.conf())
    host = started(VNCHost())
    opened(consoles, host.port)
    consoles.reload()
    assert host.chosen == [1]


def test_order_of_preference(deployment, started, authority):
    """The first configured scheme that the host offers is used."""
    deployment.configure(
        vnc={'auth_schemes': 'vencrypt,none', 'vencrypt_ca_certs': authority.file}
    )
    consoles = VNCConsoles(deployment.conf())
    host = started(VNCHost(b'\1\x13', tls=authority.server('compute-1')))
    opened(consoles, host.port)
    plain = started(VNCHost())
    opened(consoles, plain.port)
    assert (host.chosen, plain.chosen) == ([19], [1])


@pytest.mark.parametrize(
    ('certified', 'values', 'accepted'),
    [
        ('compute-1', {}, True),
        ('127.0.0.1', {}, True),
        ('localhost', {'host': 'localhost'}, True),
        ('compute-2', {}, False),
        # A name server could have returned the address.
        ('127.0.0.1', {'host': 'localhost'}, False),
    ],
)
def test_whose_certificate(deployment, started, authority, certified, values, accepted):
    """It must have the host's name in Nova, or the host of the authorization."""
    deployment.configure(
        vnc={'auth_schemes': 'vencrypt', 'vencrypt_ca_certs': authority.file}
    )
    host = started(VNCHost(b'\x13', tls=authority.server(certified)))
    consoles = VNCConsoles(deployment.conf())
    if accepted:
        opened(consoles, host.port, **values)
        return
    with pytest.raises(exceptions.TargetRefused, match='the certificate is not for'):
        opened(consoles, host.port, **values)
    deployment.configure(vnc={'vencrypt_verify_host_name': False})
    opened(VNCConsoles(deployment.conf()), host.port, **values)


def test_reload(deployment, started, authority, tmp_path):
    """The next connection uses the new certificates."""
    cert, key = authority.issue('client')
    deployment.configure(
        vnc={
            'auth_schemes': 'vencrypt',
            'vencrypt_ca_certs': authority.file,
            'vencrypt_client_cert': cert,
            'vencrypt_client_key': key,
        }
    )
    consoles = VNCConsoles(deployment.conf())
    new = Authority(tmp_path / 'new')
    new_cert, new_key = new.issue('client')
    context = new.server('compute-1', wants_client=True)
    host = started(VNCHost(b'\x13', tls=context))
    with pytest.raises(exceptions.TargetRefused):
        opened(consoles, host.port)
    for old_file, new_file in (
        (authority.file, new.file),
        (cert, new_cert),
        (key, new_key),
    ):
        old_file.write_bytes(new_file.read_bytes())
    consoles.reload()
    opened(consoles, host.port)
    key.unlink()
    with pytest.raises(exceptions.ConfigurationError, match='vencrypt_client_cert'):
        consoles.reload()
    opened(consoles, host.port)


@pytest.mark.parametrize(
    ('options', 'says'),
    [
        ({'auth_schemes': ''}, r'\[vnc\] auth_schemes is empty'),
        (
            {'auth_schemes': 'vencrypt', 'vencrypt_ca_certs': '/missing'},
            r'\[vnc\] vencrypt_ca_certs: /missing: No such file',
        ),
        (
            {'auth_schemes': 'vencrypt', 'vencrypt_client_key': '/missing'},
            r'\[vnc\] vencrypt_client_key is set, but \[vnc\] vencrypt_client_cert is',
        ),
    ],
)
def test_options_that_are_not_usable(deployment, options, says):
    deployment.configure(vnc=options)
    with pytest.raises(exceptions.ConfigurationError, match=says):
        VNCConsoles(deployment.conf())


def test_options_that_are_not_used(deployment):
    """As in a nova.conf with files of another machine."""
    deployment.configure(vnc={'vencrypt_ca_certs': '/missing'})
    VNCConsoles(deployment.conf())


def test_a_host_that_refuses(deployment, started):
    """The log has the host's reason."""
    host = started(VNCHost(b'\2'))
    with pytest.raises(exceptions.TargetRefused, match='the security types 2'):
        opened(VNCConsoles(deployment.conf()), host.port)


def test_a_host_that_is_silent(deployment, started):
    """The deadline is that of the connection, and it is not reported as a refusal."""
    host = started(VNCHost(silent_after=12))
    with pytest.raises(exceptions.TargetUnreachable, match='waiting for its') as caught:
        opened(VNCConsoles(deployment.conf()), host.port, timeout_s=1)
    assert not isinstance(caught.value, exceptions.TargetRefused)


class Hypervisor(VNCHost):
    """A hypervisor with several consoles on one port."""

    def talk(self, connection: socket.socket) -> None:
        assert connection.recv(100) == b'CONNECT a/b HTTP/1.1\r\n\r\n'
        connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n')
        super().talk(connection)


def test_a_hypervisor_that_wants_connect_first(deployment, started):
    """The RFB handshake follows the answer to CONNECT."""
    host, path = started(Hypervisor()), {'internal_access_path': 'a/b'}
    opened(VNCConsoles(deployment.conf()), host.port, **path)
    assert host.shared == [b'\1']
