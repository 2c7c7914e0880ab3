# SPDX-License-Identifier: Apache-2.0
"""The sessions of a process."""

from __future__ import annotations

import asyncio
import logging
import time
from unittest import mock

import pytest
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from console_ext.proxy.deadlines import Timing
from console_ext.proxy.gate import Admitted, Gate
from console_ext.proxy.grants import Grants
from console_ext.proxy.guest import Guest
from console_ext.proxy.limits import Limits, Place
from console_ext.proxy.sessions import Lengths, Sessions
from console_ext.proxy.target import Target
from console_ext.tokens.authorization import Grant
from tests.proxy_parts import authorization
from tests.unit.proxy.transport import Transport


@pytest.mark.parametrize(
    ('longest_s', 'enforce', 'expected'),
    [
        (0, False, None),
        (10, False, 110),
        (0, True, 160),
        (10, True, 110),
        (90, True, 160),
    ],
)
def test_the_earlier_end(longest_s, enforce, expected):
    """Of the longest session, and of the authorization where that is enforced."""
    end = Lengths(longest_s, enforce).expires(time.time() + 60, now=100)
    assert end == (expected if expected is None else pytest.approx(expected, abs=0.5))


def test_an_authorization_that_has_expired_meanwhile():
    """The session ends at once, not in the past."""
    assert Lengths(0, True).expires(time.time() - 60, now=100) == 100


HOSTILE = 'x\nERROR y\x1b[2J' * 10**4


def begun(sessions: Sessions, **values: str) -> Transport:
    """The client's connection of a new session."""
    guest, transport = Guest(b''), Transport()
    guest.connection_made(Transport())
    admitted = Admitted(
        '10.0.0.1',
        Grant(authorization(**values), 'token', '1'),
        Place(Limits({})),
        Target(mock.Mock(), b''),
    )
    wire = ServerProtocol(state=OPEN)
    sessions.begin(wire, transport, guest, admitted, b'', text=True)
    return transport


def test_words_of_others_in_the_log(caplog):
    """Each line of a session is one, and bounded, whatever is in an authorization."""
    caplog.set_level(logging.INFO, 'console_ext')
    words = dict.fromkeys(
        ('server_id', 'console_type', 'project_id', 'user_id', 'host'), HOSTILE
    )

    async def run():
        sessions = Sessions(
            mock.Mock(spec=Gate), mock.Mock(spec=Grants), Timing(), Lengths(0, False)
        )
        begun(sessions, **words).protocol.connection_lost(None)

    asyncio.run(run())
    opened, closed = caplog.messages
    for message in (opened, closed):
        assert message.isprintable()
        assert len(message) < 5000


@pytest.mark.parametrize('grace_s', [0, 5])
def test_a_session_that_begins_when_all_have_ended(grace_s):
    """An admission may come to its end meanwhile: it is told as the others were."""

    async def run():
        sessions = Sessions(
            mock.Mock(spec=Gate), mock.Mock(spec=Grants), Timing(), Lengths(0, False)
        )
        await sessions.drain(grace_s, 5)
        transport = begun(sessions)
        assert b'The proxy is being stopped; connect again.' in transport.sent
        transport.protocol.connection_lost(None)
        assert len(sessions) == 0

    asyncio.run(run())
