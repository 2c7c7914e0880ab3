# SPDX-License-Identifier: Apache-2.0
"""Clients that disconnect while their consoles are being opened."""

from __future__ import annotations

import logging
import socket
import ssl
import threading

import pytest

from console_ext.proxy.http import connection
from tests.functional.proxy.wire import frame, receive_until, upgrade
from tests.parts.peers import full_backlog, reset
from tests.parts.waiting import wait_for

LEFT = 'A serial client at 127.0.0.1 left while its console was being opened'


def finish(client) -> None:
    """Close a connection as a program does that has finished."""
    if isinstance(client, ssl.SSLSocket):
        client.unwrap()
    client.close()


def finish_half(client) -> None:
    """Close our sending side, and keep reading."""
    client.shutdown(socket.SHUT_WR)


@pytest.fixture
def compute(served):
    """An event; until it is set, compute hosts do not answer."""
    answers = threading.Event()
    served.computes.answer = lambda: answers.wait(30)
    yield answers
    answers.set()


@pytest.fixture(params=[False, True], ids=['plain', 'tls'])
def started(request, loop, served, certificate, trusting):
    """A proxy, and a function that opens a connection to it."""
    groups = {}
    if request.param:
        cert_file, key_file = certificate()
        groups['DEFAULT'] = {'cert': cert_file, 'key': key_file}
    proxy = served.start(**groups)

    def connected() -> socket.socket:
        raw = proxy.raw()
        return trusting.wrap_socket(raw) if request.param else raw

    return proxy, connected


@pytest.mark.parametrize('early', [b'', frame(b'early', 2)])
@pytest.mark.parametrize('leave', [finish, finish_half, reset])
def test_while_the_compute_host_is_asked(started, compute, caplog, leave, early):
    """The token can be used again at once, and the guest is not contacted."""
    caplog.set_level(logging.INFO)
    proxy, connected = started
    guest = proxy.guest()
    token = proxy.token(guest)
    client = connected()
    client.sendall(upgrade(f'/?token={token}') + early)
    wait_for(lambda: proxy.computes.asked)
    leave(client)
    # The compute host has not answered yet.
    wait_for(lambda: proxy.store.withdrawn)
    assert not proxy.store.open_sockets
    wait_for(lambda: LEFT in caplog.messages)
    assert caplog.messages.count(LEFT) == 1
    compute.set()
    again = connected()
    again.sendall(upgrade(f'/?token={token}') + frame(b'late', 2))
    assert receive_until(again, b'late').startswith(b'HTTP/1.1 101')
    assert (guest.accepted, guest.received) == (1, b'late')


def test_while_the_store_is_asked(started):
    """What the store grants later is released."""
    proxy, connected = started
    guest = proxy.guest()
    token = proxy.token(guest)
    proxy.store.answers.clear()
    client = connected()
    client.sendall(upgrade(f'/?token={token}'))
    wait_for(lambda: proxy.store.called)
    client.close()
    proxy.store.answers.set()
    wait_for(lambda: proxy.store.withdrawn and not proxy.store.open_sockets)
    assert guest.accepted == 0


def test_while_the_guest_is_connected_to(loop, served, caplog):
    """The attempt to connect is cancelled."""
    caplog.set_level(logging.INFO)
    proxy = served.start(console_proxy={'connect_timeout': 60})
    with full_backlog() as port:
        client = proxy.raw()
        client.sendall(upgrade(f'/?token={proxy.token(port=port)}'))
        wait_for(lambda: proxy.computes.asked)
        client.close()
        wait_for(lambda: proxy.store.withdrawn)
        wait_for(lambda: LEFT in caplog.messages)


def test_a_client_that_does_not_wait(started, compute):
    """Its data is read, but not without limit."""
    proxy, connected = started
    token = proxy.token(proxy.guest())
    client = connected()
    client.sendall(upgrade(f'/?token={token}'))
    wait_for(lambda: proxy.computes.asked)
    client.sendall(frame(bytes(connection.MAX_EARLY_BYTES), 2))
    assert receive_until(client, None).startswith(b'HTTP/1.1 400')
    wait_for(lambda: proxy.store.withdrawn)
