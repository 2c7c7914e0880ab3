# SPDX-License-Identifier: Apache-2.0
"""The sessions of a process."""

from __future__ import annotations

import asyncio
import logging
import socket
from unittest import mock

import pytest
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from console_ext.proxy.admission.checks import Admission, Admitted
from console_ext.proxy.admission.leases import Leases
from console_ext.proxy.admission.limits import Limits, Place
from console_ext.proxy.relay.connector import Target
from console_ext.proxy.relay.guest import Guest
from console_ext.proxy.relay.memory import Room
from console_ext.proxy.relay.timeouts import Timing
from console_ext.proxy.sessions import Sessions
from console_ext.store.authorization import Lease
from tests.stores.factories import authorization
from tests.unit.proxy.transport import Transport

HOSTILE = 'x\nERROR y\x1b[2J' * 10**4

_USER_TIMEOUT = socket.TCP_USER_TIMEOUT


def made(timing: Timing | None = None) -> Sessions:
    admission, leases = mock.Mock(spec=Admission), mock.Mock(spec=Leases)
    return Sessions(admission, leases, timing or Timing(), Room(0, 0))


def begun(sessions: Sessions, expires: float | None = None, **values: str) -> Transport:
    """Return the client's connection of a new session."""
    guest, transport = Guest(b''), Transport()
    guest.connection_made(Transport())
    admitted = Admitted(
        '10.0.0.1',
        Lease(authorization(**values), 'token', '1'),
        Place(Limits({})),
        Target(mock.Mock(), b'', 0),
        expires,
    )
    wire = ServerProtocol(state=OPEN)
    sessions.begin(wire, transport, guest, admitted, b'', text=True)
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
