# SPDX-License-Identifier: Apache-2.0
"""Admitting a request and connecting to its guest."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from unittest import mock

import pytest

from console_ext import exceptions
from console_ext.proxy.admission.checks import Admission, Admitted
from console_ext.proxy.admission.rules import Refused, TokenRequest
from console_ext.proxy.consoles.listener import Listener
from console_ext.proxy.http import opening
from console_ext.proxy.relay.connector import Target
from console_ext.proxy.relay.consoles import PlainConsoles

ASKED = TokenRequest('secret', '10.0.0.1')
LISTENER = mock.Mock(spec=Listener, console_type='serial', consoles=PlainConsoles())


def admission(**admit) -> Admission:
    """An admission with a known answer."""
    made = mock.Mock(spec=Admission)
    made.admit = mock.AsyncMock(**admit)
    return made


@contextlib.contextmanager
def admitted():
    """Everything that a session holds, and the other end of its target."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield (
            Admitted('10.0.0.1', mock.Mock(), mock.Mock(), Target(ours, b'', 0)),
            theirs,
        )


async def reach(admission):
    async with contextlib.AsyncExitStack() as held:
        reached = await opening.reach(admission, ASKED, LISTENER, held)
        held.pop_all()
        return reached


def test_a_guest():
    """The connection is that of the admission's target."""

    async def run():
        with admitted() as (expected, theirs):
            made = admission(return_value=expected)
            found, guest = await reach(made)
            made.admit.assert_called_once_with(
                ASKED, 'serial', LISTENER.consoles, mock.ANY
            )
            assert found is expected
            guest.send(b'hello')
            await asyncio.sleep(0.01)
            assert theirs.recv(100) == b'hello'
            guest.leave()

    asyncio.run(run())


@pytest.mark.parametrize(
    ('error', 'status'),
    [(exceptions.TooManySessions('proxy'), 429), (RuntimeError('secret'), 500)],
)
def test_an_error(error, status, caplog):
    """Every error is a refusal; an unexpected one is logged without its text."""
    with pytest.raises(Refused) as caught:
        asyncio.run(reach(admission(side_effect=error)))
    refusal = caught.value.refusal
    assert refusal.status == status
    assert ('RuntimeError' in caplog.text) is (status == 500)
    assert 'secret' not in caplog.text + refusal.message + refusal.log_reason


def test_a_connection_that_is_lost_already():
    async def run():
        with admitted() as (expected, _):
            expected.target.socket.close()
            with pytest.raises(Refused) as caught:
                await reach(admission(return_value=expected))
            assert caught.value.refusal.status == 500

    asyncio.run(run())


def test_a_session_that_does_not_begin():
    """The connection to the guest is closed."""

    async def run():
        with admitted() as (expected, theirs):
            async with contextlib.AsyncExitStack() as held:
                made = admission(return_value=expected)
                await opening.reach(made, ASKED, LISTENER, held)
            await asyncio.sleep(0.01)
            assert theirs.recv(100) == b''

    asyncio.run(run())


def test_a_client_that_leaves():
    """It is not logged as a refusal."""

    async def wait(*_):
        await asyncio.Event().wait()

    async def run():
        task = asyncio.create_task(reach(admission(side_effect=wait)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
