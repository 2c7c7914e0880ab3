# SPDX-License-Identifier: Apache-2.0
"""Limits of nova-novncproxy (34.0, with websockify) that this proxy does not have."""

from __future__ import annotations

import contextlib
import logging
import struct

import pytest
from websockets.exceptions import InvalidStatus

from tests.functional.proxy.test_vnc import shake_hands
from tests.functional.proxy.wire import closed
from tests.parts.authority import Authority
from tests.parts.peers import Guest
from tests.parts.vnc_host import SERVER_INIT, VERSION, VNCHost
from tests.parts.waiting import wait_for

ENCRYPTED = b'\x13'


@pytest.fixture
def started():
    """A function that starts a guest, which is stopped at the end."""
    with contextlib.ExitStack() as close:
        yield lambda guest: close.enter_context(contextlib.closing(guest))


@pytest.fixture
def serving(served, authority):
    """A function that starts a proxy with options of VNC."""

    def start(auth_schemes='vencrypt', **options):
        options = {'vencrypt_ca_certs': authority.file, **options}
        return served.start(vnc={'auth_schemes': auth_schemes, **options})

    return start


def connected(proxy, guest, **values):
    token = proxy.token(guest, console_type='novnc', **values)
    return proxy.connect(token, name='VNC')


def opened(proxy, guest) -> None:
    """Open a complete session."""
    client = connected(proxy, guest)
    shake_hands(client)
    client.send(b'hello')
    assert client.recv(timeout=30) == b'hello'
    client.close()


def refused(proxy, guest) -> None:
    with pytest.raises(InvalidStatus) as caught:
        connected(proxy, guest)
    assert caught.value.response.status_code == 502


@pytest.mark.parametrize('offered', [b'\1\x13', b'\x13\1'])
def test_the_host_does_not_choose(serving, started, authority, offered):
    """Nova uses the first type of the host's list that is allowed."""
    host = started(VNCHost(offered, tls=authority.server('compute-1')))
    opened(serving('vencrypt,none'), host)
    assert host.chosen == [19]


def test_no_client_certificate_is_needed(serving, started, authority):
    """Nova fails without one (TypeError)."""
    host = started(VNCHost(ENCRYPTED, tls=authority.server('compute-1')))
    opened(serving(), host)
    assert host.certificates == [None]


def test_the_certificate_of_another_host_is_refused(serving, started, authority):
    """Nova accepts the certificate of any compute host for any other."""
    host = started(VNCHost(ENCRYPTED, tls=authority.server('compute-2')))
    refused(serving(), host)
    assert host.shared == []


def test_the_files_are_read_once_and_on_request(
    serving, started, authority, tmp_path, caplog
):
    """Nova reads them for each session, even while they are being written."""
    caplog.set_level(logging.INFO, 'console_ext')
    host = started(VNCHost(ENCRYPTED, tls=authority.server('compute-1')))
    proxy = serving()
    before = authority.file.read_bytes()
    authority.file.write_bytes(b'')
    opened(proxy, host)
    proxy.proxy.reload()
    wait_for(lambda: 'The previous certificate stays in force' in caplog.text)
    opened(proxy, host)
    other = Authority(tmp_path / 'other')
    authority.file.write_bytes(other.file.read_bytes())
    proxy.proxy.reload()
    wait_for(lambda: 'Reloaded [vnc] vencrypt_ca_certs' in caplog.text)
    refused(proxy, host)
    authority.file.write_bytes(before)
    proxy.proxy.reload()
    wait_for(lambda: caplog.text.count('Reloaded [vnc] vencrypt_ca_certs') == 2)
    opened(proxy, host)


@pytest.mark.parametrize('types', [b'\1', ENCRYPTED])
def test_a_short_read_is_no_error(serving, started, authority, types):
    """Nova reads only once for each message (RFBAuthHandshakeFailed)."""
    host = started(VNCHost(types, tls=authority.server('compute-1'), size=1))
    opened(serving('vencrypt,none'), host)


@pytest.mark.parametrize(
    ('types', 'subtypes'),
    [(b'\x81\x13', (260,)), (b'\x13\x81\xff', (260,)), (ENCRYPTED, (999, 260))],
)
def test_an_unknown_type_is_no_error(serving, started, authority, types, subtypes):
    """Nova fails to log its name (ValueError)."""
    context = authority.server('compute-1')
    opened(serving(), started(VNCHost(types, tls=context, subtypes=subtypes)))


def test_a_client_s_bytes_may_be_any(serving, started):
    """Nova decodes them as text (UnicodeEncodeError)."""
    client = connected(serving('none'), started(VNCHost()))
    assert client.recv(timeout=30) == VERSION
    client.send(b'\xff' * 12)
    assert client.recv(timeout=30).endswith(b'This proxy supports only RFB 3.8.')
    assert closed(client) == (1002, 'This proxy supports only RFB 3.8.')


def test_a_client_need_not_wait(serving, started):
    """Nova returns early data to the client instead of sending it to the host."""
    host = started(VNCHost())
    client = connected(serving('none'), host)
    client.send(VERSION + b'\1\1keys')
    expected = VERSION + b'\1\1' + bytes(4) + SERVER_INIT + b'keys'
    received = b''
    while len(received) < len(expected):
        received += client.recv(timeout=30)
    assert received == expected
    assert bytes(host.received) == b'keys'


def test_a_host_that_is_silent(served, started):
    """Nova waits forever."""
    proxy = served.start(console_proxy={'connect_timeout': 0.3})
    refused(proxy, started(VNCHost(silent_after=13)))


def test_a_client_that_is_silent(served, started):
    """Nova waits forever."""
    # The request has to arrive in as much time.
    proxy = served.start(console_proxy={'handshake_timeout': 3})
    client = connected(proxy, started(VNCHost()))
    assert client.recv(timeout=30) == VERSION
    code, reason = closed(client)
    assert (code, reason) == (
        1008,
        'The VNC client did not complete its handshake in time.',
    )
    wait_for(lambda: not proxy.store.open_sockets)


@pytest.mark.parametrize('length', [257, 2**32 - 1])
def test_a_reason_of_any_length(serving, started, length):
    """Nova read it completely until bug 2155052 was fixed."""

    def serve(connection):
        connection.sendall(VERSION)
        connection.recv(12)
        connection.sendall(b'\0' + struct.pack('!I', length) + b'x' * 257)
        connection.recv(100)

    refused(serving('none'), started(Guest(serve)))


@pytest.mark.parametrize('shared', [b'\0', b'\1'])
def test_a_viewer_disconnects_no_other(serving, started, shared):
    """Nova passes on the client's shared flag, and QEMU obeys it."""
    host = started(VNCHost())
    client = connected(serving('none'), host)
    client.send(VERSION + b'\1' + shared + b'keys')
    received = b''
    while not received.endswith(b'keys'):
        received += client.recv(timeout=30)
    assert host.shared == [b'\1']
