# SPDX-License-Identifier: Apache-2.0
"""One client's connection up to status 101, without sockets."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from unittest import mock

import pytest

from console_ext.proxy.admission.checks import Admission
from console_ext.proxy.admission.origin import AllowedOrigins
from console_ext.proxy.consoles import pages
from console_ext.proxy.consoles.listener import Listener
from console_ext.proxy.http import lingering_close, messages
from console_ext.proxy.http.connection import MAX_EARLY_BYTES, Connection, Settings
from console_ext.proxy.http.connections import Connections
from console_ext.proxy.networks import Networks
from console_ext.proxy.relay.consoles import PlainConsoles
from tests.parts.waiting import until
from tests.unit.proxy.transport import Transport

REQUEST = b'GET /healthcheck HTTP/1.1\r\nHost: x\r\n\r\n'
UPGRADE = (
    b'GET /?token=token HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n'
    b'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
    b'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
)


def listener() -> Listener:
    return Listener(
        name='serial',
        host='127.0.0.1',
        port=0,
        console_type='serial',
        consoles=PlainConsoles(),
        origins=AllowedOrigins('ws://console'),
        cookie_paths={'/': False},
        pages=pages.health(),
        hint='Use a WebSocket.',
        text=True,
    )


def answered(chunks, peer=('10.0.0.1', 4711), admission=None, **values) -> Transport:
    """What a connection does with what it receives, a round of the loop for each.

    :param values: of the listener
    """

    async def run():
        settings = Settings(10.0, 1000, Networks([], 'option'))
        one = dataclasses.replace(listener(), **values)
        made = Connection(one, settings, admission, mock.Mock(), Connections(10))
        transport = Transport()
        transport.get_extra_info.return_value = peer
        transport.set_protocol(made)
        made.connection_made(transport)
        for chunk in chunks:
            if not transport.closing:
                transport.protocol.data_received(chunk)
                await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)
        transport.protocol.connection_lost(None)
        return transport

    return asyncio.run(run())


def test_a_request_byte_by_byte():
    """The end of the head is found however the reads are split."""
    transport = answered([bytes([byte]) for byte in REQUEST])
    assert transport.sent.count(b'HTTP/1.1 200') == 1


@pytest.mark.parametrize('cut', range(1, len(REQUEST) * 2, 7))
def test_two_requests_in_two_reads(cut):
    """No byte of the second request is lost."""
    both = REQUEST * 2
    transport = answered([both[:cut], both[cut:]])
    assert transport.sent.count(b'HTTP/1.1 200') == 2


@pytest.mark.parametrize('size', [1000, messages.MAX_HEAD_BYTES + 1])
def test_a_head_that_does_not_end(size):
    """It is refused as soon as it is too long, and the rest is not stored."""
    transport = answered([b'x' * size] * (messages.MAX_HEAD_BYTES // size + 2))
    assert transport.sent.startswith(b'HTTP/1.1 431')


def test_a_refused_client_is_not_read_for_ever(monkeypatch):
    """A client that keeps sending is disconnected."""
    monkeypatch.setattr(lingering_close, 'LINGER_BYTES', 100)
    transport = answered([b'nonsense\r\n\r\n', b'x' * 60, b'x' * 60])
    assert transport.sent.startswith(b'HTTP/1.1 400')
    transport.abort.assert_called_once_with()


def test_an_admission_that_fails():
    """The client gets an answer, whatever the error is."""
    admission = mock.Mock(spec=Admission)
    admission.admit = mock.AsyncMock()
    admission.admit.return_value.target.socket = socket.socket()
    admission.admit.return_value.target.socket.close()
    transport = answered([UPGRADE], admission=admission)
    assert transport.sent.startswith(b'HTTP/1.1 500')


def test_too_much_in_the_same_round_as_the_request():
    """It is refused, and not stored, even before the admission has begun."""

    async def run():
        transport = Transport()
        transport.get_extra_info.return_value = ('10.0.0.1', 4711)
        settings = Settings(10.0, 1000, Networks([], 'option'))
        admission = mock.Mock(spec=Admission)
        made = Connection(listener(), settings, admission, mock.Mock(), Connections(10))
        transport.set_protocol(made)
        made.connection_made(transport)
        # uvloop reads up to 32 times before it does anything else.
        for data in (UPGRADE, b'x' * (MAX_EARLY_BYTES + 1)):
            transport.protocol.data_received(data)
        await until(lambda: transport.sent)
        assert transport.sent.startswith(b'HTTP/1.1 400')
        assert not admission.admit.called
        transport.protocol.connection_lost(None)

    asyncio.run(run())


@pytest.mark.parametrize('full', [False, True])
def test_a_client_that_does_not_read(full):
    """Its session knows it: the event loop does not tell it again."""

    async def run():
        transport, sessions = Transport(), mock.Mock()
        transport.get_extra_info.return_value = ('10.0.0.1', 4711)
        settings = Settings(10.0, 1000, Networks([], 'option'))
        admission = mock.Mock(spec=Admission)
        admission.admit = mock.AsyncMock()
        consoles = mock.Mock(open=mock.AsyncMock())
        one = dataclasses.replace(listener(), consoles=consoles)
        made = Connection(one, settings, admission, sessions, Connections(10))
        made.connection_made(transport)
        if full:
            transport.write.side_effect = lambda _: made.pause_writing()
        made.data_received(UPGRADE)
        await until(lambda: sessions.begin.called)
        assert sessions.begin.call_args.kwargs['full'] is full

    asyncio.run(run())


def test_a_client_that_has_left_already():
    """The client's address is no longer known."""
    transport = answered([], peer=None)
    transport.abort.assert_called_once_with()


def test_a_page_and_a_console_at_one_path():
    """A WebSocket opens the console, any other request gets the page."""
    table = {'pages': pages.health(), 'cookie_paths': {'/healthcheck': False}}
    assert answered([REQUEST], **table).sent.startswith(b'HTTP/1.1 200')
    upgrade = UPGRADE.replace(b'/?token=token', b'/healthcheck')
    assert answered([upgrade], **table).sent.startswith(b'HTTP/1.1 401')
    other = upgrade.replace(b'websocket', b'h2c')
    assert answered([other], **table).sent.startswith(b'HTTP/1.1 200')


@pytest.mark.parametrize('target', [b'/', b'/nothing'])
def test_refusals_without_text(target):
    """For clients that would parse the text as a frame, but not for browsers."""
    upgrade = UPGRADE.replace(b'/?token=token', target)
    head, _, body = answered([upgrade], refusals_have_text=False).sent.partition(
        b'\r\n\r\n'
    )
    assert head.split()[1] in (b'401', b'404')
    assert (b'Content-Length: 0' in head, body) == (True, b'')
    assert answered([upgrade]).sent.endswith(b'.\n')
    plain = b'GET ' + target + b' HTTP/1.1\r\nHost: x\r\n\r\n'
    sent = answered([REQUEST, plain], refusals_have_text=False).sent
    assert sent.endswith(b'.\n')
