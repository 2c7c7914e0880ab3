# SPDX-License-Identifier: Apache-2.0
"""The subprotocol console-ext.v1."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import time

import pytest
from websockets.asyncio.client import connect as connect_async

from console_ext.exceptions import ComputeNotReady
from console_ext.proxy.admission import rules
from console_ext.proxy.relay.control import SUBPROTOCOL, WINDOW_BYTES
from tests.functional.proxy.wire import closed, key_of
from tests.parts.waiting import wait_for

TOKEN_ANSWER = 'This console URL is invalid or has expired. Request a new one.'

# One read of the event loop, which is passed on completely.
MAX_OVER_BYTES = 2**18


def connect(proxy, token, **options):
    return proxy.connect(token, subprotocols=[SUBPROTOCOL, 'binary'], **options)


def opened(proxy, token):
    """A client with a session, after the first message."""
    client = connect(proxy, token)
    key_of(client)
    return client


def test_bytes_go_both_ways(proxy):
    """As in any session; control messages do not reach the guest."""
    guest = proxy.guest()
    client = opened(proxy, proxy.token(guest))
    assert client.subprotocol == SUBPROTOCOL
    client.send('{"drawn": 0}')
    client.send(b'hello')
    assert client.recv() == b'hello'
    assert guest.received == b'hello'


@pytest.mark.parametrize('name', ['serial', 'SPICE', 'VNC'])
def test_a_refusal_is_a_close_frame(proxy, caplog, name):
    """With the message, and without a byte of a guest."""
    caplog.set_level(logging.INFO)
    client = connect(proxy, 'unknown', name=name)
    assert closed(client) == (4401, TOKEN_ANSWER)
    assert '401, token unknown' in caplog.text


def test_every_kind_of_refusal(served):
    """Refusals because of the request, a limit, the compute host and the guest."""
    proxy = served.start(console_proxy={'max_sessions_per_client': 1})
    guest = proxy.guest()
    origin = {'origin': 'https://evil.example'}
    assert closed(connect(proxy, proxy.token(guest), **origin))[0] == 4403
    assert closed(connect(proxy, ''))[0] == 4401
    assert closed(connect(proxy, proxy.token(port=1)))[0] == 4502
    proxy.computes.answer = False
    assert closed(connect(proxy, proxy.token(guest)))[0] == 4409
    proxy.computes.answer = ComputeNotReady()
    assert closed(connect(proxy, proxy.token(guest)))[0] == 4503
    assert guest.accepted == 0
    proxy.computes.answer = True
    token = proxy.token(guest)
    open_one = opened(proxy, token)
    assert closed(connect(proxy, proxy.token(guest))) == (
        4429,
        rules.REFUSALS[rules.exceptions.TooManySessions][1],
    )
    assert closed(connect(proxy, token))[0] == 4429
    open_one.send(b'goes on')
    assert open_one.recv() == b'goes on'


def test_a_token_can_be_used_again_after_a_refusal(proxy):
    """As after a refusal with an HTTP status."""
    guest = proxy.guest()
    token = proxy.token(guest)
    proxy.computes.answer = ComputeNotReady()
    assert closed(connect(proxy, token))[0] == 4503
    wait_for(lambda: proxy.store.open_sockets == 0)
    proxy.computes.answer = True
    client = opened(proxy, token)
    client.send(b'x')
    assert client.recv() == b'x'


def test_the_guest_waits_for_the_client_to_draw(loop, proxy):
    """Even if the client receives quickly."""
    written = 0

    def flood(connection: socket.socket) -> None:
        nonlocal written
        while True:
            written += connection.send(bytes(65536))

    client = opened(proxy, proxy.token(proxy.guest(flood)))
    received = 0
    while received <= WINDOW_BYTES:
        received += len(client.recv(timeout=30))
    with contextlib.suppress(TimeoutError):
        while received <= WINDOW_BYTES + MAX_OVER_BYTES:
            received += len(client.recv(timeout=0.5))
    assert received <= WINDOW_BYTES + MAX_OVER_BYTES
    # The rest is in the buffers of the kernel.
    assert written < 32 * 2**20
    before = -1
    while written != before:
        before = written
        time.sleep(0.2)
    while received <= 2 * WINDOW_BYTES:
        client.send(json.dumps({'drawn': received}))
        received += len(client.recv(timeout=30))


def test_a_client_that_does_not_report_what_it_draws(loop, proxy):
    """The guest does not wait: VNC and SPICE have a flow control of their own."""
    size = 8 * WINDOW_BYTES
    guest = proxy.guest(lambda connection: connection.sendall(bytes(size)))
    client = opened(proxy, proxy.token(guest))
    client.send('{"drawn": null}')
    received = 0
    while received < size:
        received += len(client.recv(timeout=30))
    assert received == size


def test_a_message_that_is_no_control_message(proxy):
    """Close code 1007, and the guest gets nothing of it."""
    guest = proxy.guest()
    client = opened(proxy, proxy.token(guest))
    client.send('ls')
    assert closed(client) == (1007, 'A control message is not valid.')
    assert not guest.received


def test_a_client_whose_reports_are_behind_what_its_guest_does_not_take(proxy):
    """The guest echoes everything and takes no more before the echo is read; the
    client draws late.  All of it arrives."""
    # More than the buffers of the kernel hold.
    sent = bytes(48 * 2**20)
    token = proxy.token(proxy.guest())

    async def run():
        url = proxy.url(token)
        options = {'subprotocols': [SUBPROTOCOL], 'compression': None, 'proxy': None}
        async with connect_async(url, **options) as client:
            await client.recv()
            sending = asyncio.create_task(send(client))
            received = 0
            try:
                while received < len(sent):
                    received += len(await asyncio.wait_for(client.recv(), 30))
                await sending
            finally:
                client.transport.abort()

    async def send(client):
        for start in range(0, len(sent), 65536):
            await client.send(sent[start : start + 65536])
        await client.send(json.dumps({'drawn': len(sent)}))

    asyncio.run(run())
