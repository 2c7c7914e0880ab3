# SPDX-License-Identifier: Apache-2.0
"""The sessions of a process."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import socket
from unittest import mock

import pytest
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from console_ext.proxy.admission.checks import Admission, Admitted
from console_ext.proxy.admission.leases import Leases
from console_ext.proxy.admission.limits import Limits, Place
from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.connector import Target
from console_ext.proxy.relay.guest import Guest
from console_ext.proxy.relay.memory import Room
from console_ext.proxy.relay.timeouts import Timing
from console_ext.proxy.sessions import Sessions
from console_ext.store.authorization import Lease, Loss, RejoinKey
from tests.parts.stores.factories import authorization
from tests.unit.proxy.transport import Transport

HOSTILE = 'x\nERROR y\x1b[2J' * 10**4

_USER_TIMEOUT = socket.TCP_USER_TIMEOUT


LEASE = Lease(authorization(), 'session', '1')


def made(timing: Timing | None = None, leases: Leases | None = None) -> Sessions:
    admission = mock.Mock(spec=Admission)
    leases = leases or mock.Mock(spec=Leases)
    return Sessions(admission, leases, timing or Timing(), Room(0, 0))


class Connections(Transport):
    """The client's connection of a session, which knows the guest's."""

    def __init__(self):
        super().__init__()
        self.guest = Transport()


def begun(
    sessions: Sessions,
    expires: float | None = None,
    *,
    early: bytes = b'',
    lease: Lease | None = None,
    **values: str,
) -> Connections:
    guest, transport = Guest(early), Connections()
    guest.connection_made(transport.guest)
    admitted = Admitted(
        '10.0.0.1',
        lease or Lease(authorization(**values), 'session', '1'),
        Place(Limits({})),
        Target(mock.Mock(), b'', 0),
        expires,
    )
    wire = ServerProtocol(state=OPEN)
    sessions.begin(wire, transport, guest, admitted, b'', text=True, full=False)
    return transport


def test_untrusted_text_in_the_log(caplog):
    """Values of an authorization cannot forge log lines, and are shortened."""
    caplog.set_level(logging.INFO, 'console_ext')
    words = dict.fromkeys(
        ('server_id', 'console_type', 'project_id', 'user_id', 'host'), HOSTILE
    )

    async def run():
        sessions = made()
        begun(sessions, **words).protocol.connection_lost(None)

    asyncio.run(run())
    opened, closed = caplog.messages
    for message in (opened, closed):
        assert message.isprintable()
        assert len(message) < 5000


@pytest.mark.parametrize(
    ('timing', 'unacknowledged_s'),
    [(Timing(), None), (Timing(20, 20), 120), (Timing(100, 300), 400)],
)
def test_the_client_is_watched(timing, unacknowledged_s):
    """TCP detects a lost client, but later than pings do."""

    async def run():
        sessions = made(timing)
        connection = begun(sessions).get_extra_info('socket')
        options = [call.args for call in connection.setsockopt.call_args_list]
        assert (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1) in options
        limits = [value for _, name, value in options if name == _USER_TIMEOUT]
        assert limits == ([unacknowledged_s * 1000] if unacknowledged_s else [])

    asyncio.run(run())


@pytest.mark.parametrize('grace_s', [0, 5])
def test_a_session_that_begins_when_all_have_ended(grace_s):
    """An admission may end during the stop: its session gets the close frame too."""

    async def run():
        sessions = made()
        await sessions.drain(grace_s, 5)
        transport = begun(sessions)
        assert b'The proxy is being stopped; connect again.' in transport.sent
        transport.protocol.connection_lost(None)
        assert len(sessions) == 0

    asyncio.run(run())


def test_a_session_whose_time_was_up_before_it_began():
    """Opening a session may take longer than its maximum duration."""

    async def run():
        sessions = made()
        transport = begun(sessions, expires=asyncio.get_running_loop().time())
        assert b'The session has reached its maximum duration.' in transport.sent
        transport.protocol.connection_lost(None)

    asyncio.run(run())


def test_a_session_that_is_replaced():
    """It leaves its guest and its place at once; the client learns why."""

    async def run():
        leases = mock.Mock(spec=Leases)
        sessions = made(leases=leases)
        transport = begun(sessions)
        lost = leases.hold.call_args.args[1]
        guest = transport.guest
        lost(Loss.REPLACED)
        assert close_codes.REPLACED.reason.encode() in transport.sent
        guest.close.assert_called_once_with()
        sessions._admission.make_room.assert_called_once()
        # A heartbeat may find it again.
        lost(Loss.REPLACED)
        transport.protocol.connection_lost(None)
        assert len(sessions) == 0
        lost(Loss.REPLACED)
        lost(Loss.REVOKED)

    asyncio.run(run())


def test_the_key_is_the_first_message():
    """Before anything that the guest has sent already; the log does not show it."""

    async def run():
        lease = dataclasses.replace(LEASE, rejoin_key=RejoinKey('a-key', 60))
        transport = begun(made(), early=b'login:', lease=lease)
        message = b'{"rejoin": "a-key", "within": 60}'
        assert transport.sent == b'\x81' + bytes([len(message)]) + message + (
            b'\x82\x06login:'
        )
        transport.protocol.connection_lost(None)

    asyncio.run(run())


def test_the_log_of_a_session_that_is_opened_again(caplog):
    caplog.set_level(logging.INFO, 'console_ext')

    async def run():
        lease = dataclasses.replace(
            LEASE, rejoin_key=RejoinKey('a-key', 60), used_hash='a-hash'
        )
        begun(made(), lease=lease).protocol.connection_lost(None)

    asyncio.run(run())
    assert 'Session 1 opened again: server' in caplog.text
    assert 'a-key' not in caplog.text
    assert 'a-hash' not in caplog.text
