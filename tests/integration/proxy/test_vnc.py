# SPDX-License-Identifier: Apache-2.0
"""A real machine's VNC screen as bytes, without TLS and with VeNCrypt."""

from __future__ import annotations

import contextlib
import itertools
import logging
import struct

import pytest
from websockets.exceptions import InvalidStatus

from tests.functional.proxy.conftest import Served, loop  # noqa: F401
from tests.functional.proxy.wire import closed
from tests.integration.proxy.vnc_machine import VNCMachine
from tests.parts.authority import Authority

VERSION = b'RFB 003.008\n'


@pytest.fixture
def authority(authority):
    authority.issue('server', 'compute-1')
    return authority


@pytest.fixture
def started():
    """A function that starts a machine."""
    with contextlib.ExitStack() as close:

        def start(*args, **options):
            made = VNCMachine(*args, **options)
            close.callback(made.close)
            return made

        yield start


@pytest.fixture
def serving(deployment, tmp_path):
    """A function that starts a proxy with options of VNC."""
    numbers = itertools.count()
    with contextlib.ExitStack() as close:

        def start(**options):
            made = Served(deployment, tmp_path)
            close.callback(made.stop)
            # Each counts its tokens from 0.
            store = {'connection': f'sqlite:///{tmp_path}/tokens-{next(numbers)}.db'}
            vnc = {'novncproxy_web': tmp_path, **options}
            return made.start(vnc=vnc, database=store)

        yield start


def opened(proxy: Served, machine: VNCMachine, shared: bytes = b'\1'):
    """Open a viewer and do its handshake; each message is one frame."""
    token = proxy.token(console_type='novnc', port=machine.port)
    client = proxy.connect(token, name='VNC')
    assert client.recv(30) == VERSION
    client.send(VERSION)
    assert client.recv(30) == b'\1\1'
    client.send(b'\1')
    assert client.recv(30) == bytes(4)
    client.send(shared)
    server_init = client.recv(30)
    assert server_init[24:] == b'QEMU (guest)'
    assert len(server_init) == 24 + struct.unpack('!I', server_init[20:24])[0]
    return client, struct.unpack('!HH', server_init[:4])


def see(client, size: tuple[int, int]) -> None:
    """Ask for the whole screen, in raw pixels, and receive a part of it.

    All of it may never come, because the firmware changes the size.
    """
    client.send(struct.pack('!BxHi', 2, 1, 0))
    client.send(struct.pack('!BBHHHH', 3, 0, 0, 0, *size))
    received = b''
    while len(received) < 10**5:
        received += client.recv(30)


@pytest.mark.parametrize('shared', [b'\0', b'\1'])
def test_several_viewers(serving, started, shared):
    """No viewer disconnects another, whatever its shared flag is."""
    proxy, machine = serving(), started()
    viewers = [opened(proxy, machine, shared) for _ in range(3)]
    for client, size in viewers * 2:
        see(client, size)


@pytest.mark.usefixtures('loop')
@pytest.mark.parametrize('wants_client', [False, True])
def test_vencrypt(serving, started, authority, wants_client):
    """With a client certificate if the machine requires one, and without."""
    options = {'auth_schemes': 'vencrypt', 'vencrypt_ca_certs': authority.file}
    if wants_client:
        cert, key = authority.issue('client')
        options |= {'vencrypt_client_cert': cert, 'vencrypt_client_key': key}
    machine = started(authority, wants_client=wants_client)
    proxy = serving(**options)
    for _ in range(2):
        client, size = opened(proxy, machine)
        see(client, size)


def refused(proxy: Served, machine: VNCMachine, caplog) -> str:
    """Return the logged reason why a machine's console cannot be opened."""
    caplog.clear()
    with pytest.raises(InvalidStatus) as caught:
        opened(proxy, machine)
    assert caught.value.response.status_code == 502
    (line,) = [text for text in caplog.messages if text.startswith('Refused')]
    assert 'Traceback' not in caplog.text
    return line


def test_refused(serving, started, authority, tmp_path, caplog):
    """The client gets a status, and the log has the reason."""
    caplog.set_level(logging.INFO, 'console_ext')
    wants = started(authority, wants_client=True)
    plain = started()
    dead = started()
    dead.process.kill()
    dead.process.wait()
    strict = {'auth_schemes': 'vencrypt', 'vencrypt_ca_certs': authority.file}
    proxy = serving(**strict)
    assert 'does not accept the client certificate' in refused(proxy, wants, caplog)
    assert 'the security types 1, but [vnc] auth_schemes allows only 19' in refused(
        proxy, plain, caplog
    )
    assert 'port' in refused(proxy, dead, caplog)
    other = Authority(tmp_path / 'other')
    proxy = serving(**{**strict, 'vencrypt_ca_certs': other.file})
    assert 'CERTIFICATE_VERIFY_FAILED' in refused(proxy, wants, caplog)
    proxy = serving(auth_schemes='none')
    assert 'the security types 19, but [vnc] auth_schemes allows only 1' in refused(
        proxy, wants, caplog
    )


def test_a_certificate_of_another_host(serving, tmp_path, started, caplog):
    """Nova's less strict check can be configured."""
    caplog.set_level(logging.INFO, 'console_ext')
    authority = Authority(tmp_path / 'authority')
    authority.issue('server', 'compute-2')
    machine = started(authority)
    options = {'auth_schemes': 'vencrypt', 'vencrypt_ca_certs': authority.file}
    assert 'the certificate is not for' in refused(serving(**options), machine, caplog)
    proxy = serving(vencrypt_verify_host_name=False)
    client, size = opened(proxy, machine)
    see(client, size)


def test_the_machine_ends(serving, started, authority):
    """The close code says so, with TLS too."""
    proxy = serving(auth_schemes='vencrypt,none', vencrypt_ca_certs=authority.file)
    for machine in (started(), started(authority)):
        client, _ = opened(proxy, machine)
        machine.process.kill()
        assert closed(client)[0] in (1000, 1011)
