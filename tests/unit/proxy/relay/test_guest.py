# SPDX-License-Identifier: Apache-2.0
"""The guest's side of a session, without sockets."""

from __future__ import annotations

import asyncio
import socket
from unittest import mock

import pytest

from console_ext.proxy.relay import close_codes, guest
from console_ext.proxy.relay.guest import Client, Guest
from tests.parts.waiting import until
from tests.unit.proxy.transport import Transport


@pytest.fixture
def client():
    return mock.Mock(spec=Client)


@pytest.fixture
def transport():
    return Transport()


@pytest.fixture
def made(transport):
    """A connected guest without a client."""

    async def run():
        return Guest(b'')

    made = asyncio.run(run())
    transport.reading = True
    made.connection_made(transport)
    return made


def test_its_bytes_wait_for_a_client(made, transport, client):
    """The guest is not read before there is a client; its output then goes there."""
    transport.pause_reading.assert_called_once_with()
    made.begin(client)
    transport.resume_reading.assert_called_once_with()
    made.data_received(b'login: ')
    client.send.assert_called_once_with(b'login: ')


def test_the_buffer_of_the_kernel(client, loop_factory):
    """It is small once the guest has to wait for what is drawn."""

    async def run():
        ours, theirs = socket.socketpair()
        with ours, theirs:
            option = socket.SOL_SOCKET, socket.SO_RCVBUF
            ours.setblocking(False)
            ours.setsockopt(*option, 2 * guest.AHEAD_BYTES)
            before = ours.getsockopt(*option)
            _, made = await asyncio.get_running_loop().create_connection(
                lambda: Guest(b''), sock=ours
            )
            made.begin(client)
            assert ours.getsockopt(*option) == before
            made.limit_ahead()
            assert ours.getsockopt(*option) < before
            made.abort()
            # Nothing happens after the end.
            await asyncio.sleep(0)
            made.limit_ahead()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())


@pytest.mark.parametrize('ends', [False, True])
def test_what_it_says_before_there_is_a_client(client, loop_factory, ends):
    """Early output and the end of the output are kept, with either event loop."""

    async def run():
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            theirs.sendall(b'login: ')
            if ends:
                theirs.shutdown(socket.SHUT_WR)
            _, made = await asyncio.get_running_loop().create_connection(
                lambda: Guest(b'early, '), sock=ours
            )
            await asyncio.sleep(0.02)
            made.begin(client)
            await until(
                lambda: (
                    b''.join(call.args[0] for call in client.send.call_args_list)
                    == b'early, login: '
                )
            )
            await until(lambda: client.close.called or not ends)
            assert client.close.call_args_list == [
                mock.call(close_codes.TARGET_ENDED) for _ in range(ends)
            ]
            made.send(b'last words')
            theirs.setblocking(False)
            loop = asyncio.get_running_loop()
            assert await loop.sock_recv(theirs, 100) == b'last words'
            made.leave()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())


def test_its_half_ends(made, transport, client):
    """The client is told, and data for the guest still arrives."""
    made.begin(client)
    assert made.eof_received()
    client.close.assert_called_once_with(close_codes.TARGET_ENDED)
    made.send(b'last words')
    assert transport.sent == b'last words'


@pytest.mark.parametrize(
    ('error', 'end'),
    [(None, close_codes.TARGET_ENDED), (OSError(), close_codes.TARGET_LOST)],
)
def test_it_is_lost(made, transport, client, error, end):
    """Data for the guest is then dropped."""
    made.begin(client)
    made.connection_lost(error)
    client.close.assert_called_once_with(end)
    made.send(b'x')
    assert not transport.sent


def test_it_is_lost_before_there_is_a_client(made, client):
    """The client is told when it comes."""
    made.connection_lost(OSError())
    made.begin(client)
    client.close.assert_called_once_with(close_codes.TARGET_LOST)


def test_it_is_full(made, client):
    """The client is told of each change."""
    full = []
    client.guest_full_changed.side_effect = lambda: full.append(made.full)
    made.begin(client)
    made.pause_writing()
    made.resume_writing()
    assert full == [True, False]


def test_the_client_leaves(made, transport, client):
    """The guest's connection is closed."""
    made.begin(client)
    made.leave()
    transport.close.assert_called_once_with()
    made.data_received(b'x')
    made.eof_received()
    made.connection_lost(None)
    client.send.assert_not_called()
    client.close.assert_not_called()


def test_the_client_leaves_a_guest_that_is_stuck(transport, client, monkeypatch):
    """The guest has a while to read what is left."""
    monkeypatch.setattr(guest, 'CLOSE_S', 0)
    transport.get_write_buffer_size.return_value = 1

    async def run():
        made = Guest(b'')
        made.connection_made(transport)
        made.begin(client)
        made.leave()
        transport.abort.assert_not_called()
        await until(lambda: transport.abort.called)
        transport.abort.assert_called_once_with()

    asyncio.run(run())
