# SPDX-License-Identifier: Apache-2.0
"""Sessions that are opened again, with the subprotocol console-ext.v1."""

from __future__ import annotations

import logging
import threading

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from console_ext.exceptions import ComputeNotReady
from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.control import SUBPROTOCOL
from console_ext.proxy.server import Proxy
from tests.functional.proxy.test_vnc import shake_hands
from tests.functional.proxy.wire import closed, key_of, upgrade
from tests.parts.deployment import server_id
from tests.parts.network import Network
from tests.parts.peers import Guest
from tests.parts.programs import free_port
from tests.parts.stores.faulty import FaultyStore
from tests.parts.vnc_host import VNCHost
from tests.parts.waiting import wait_for

V1 = {'subprotocols': [SUBPROTOCOL]}
REFUSAL = 'This session cannot be opened again. Request a new console URL.'
REPLACED = (close_codes.REPLACED.code, close_codes.REPLACED.reason)


def opened(proxy, token=None):
    """A client with a session, and its rejoin key."""
    client = proxy.connect(proxy.token(proxy.guest()) if token is None else token, **V1)
    return client, key_of(client)


def rejoin(proxy, key, **options):
    """A client that opens a session again; it may be refused."""
    return proxy.connect(key, secret='rejoin', **V1, **options)


def echoes(client) -> bool:
    client.send(b'x')
    return client.recv(timeout=30) == b'x'


def lose(client) -> None:
    """Close a client's connection without a close frame."""
    client.socket.shutdown(2)
    client.socket.close()


def test_a_lost_session_is_opened_again(loop, proxy, caplog):
    """On both event loops; each key works once, and the token stays used."""
    caplog.set_level(logging.DEBUG)
    # The library of the client.
    caplog.set_level(logging.INFO, 'websockets')
    guest = proxy.guest(one_at_a_time=True)
    token = proxy.token(guest)
    client, key = opened(proxy, token)
    keys = [key]
    for number in range(1, 4):
        assert echoes(client)
        lose(client)
        client = rejoin(proxy, keys[-1])
        keys.append(key_of(client))
        assert echoes(client)
        assert guest.accepted == number + 1
    for old in keys[:-1]:
        assert closed(rejoin(proxy, old)) == (4401, REFUSAL)
    assert closed(proxy.connect(token, **V1))[0] == 4401
    assert echoes(client)
    assert proxy.store.open_sockets == 1
    assert 'opened again' in caplog.text
    assert '401, rejoin key unknown' in caplog.text
    for secret in (token, *keys):
        assert secret not in caplog.text


def test_a_session_that_seems_to_be_open(proxy, caplog):
    """The guest has one connection at a time: the previous one ends first."""
    caplog.set_level(logging.INFO)
    guest = proxy.guest(one_at_a_time=True)
    client, key = opened(proxy, proxy.token(guest))
    assert echoes(client)
    again = rejoin(proxy, key)
    key_of(again)
    assert echoes(again)
    assert closed(client) == REPLACED
    wait_for(lambda: ': replaced' in caplog.text)
    assert echoes(again)
    assert proxy.store.open_sockets == 1


def test_a_network_that_is_gone(proxy):
    """The previous connection is open and says nothing, at both ends."""
    guest = proxy.guest(one_at_a_time=True)
    network = Network(proxy.port())
    url = f'ws://127.0.0.1:{network.port}/?token={proxy.token(guest)}'
    with connect(url, proxy=None, compression=None, **V1) as client:
        key = key_of(client)
        assert echoes(client)
        network.freeze()
        client.send(b'lost')
        again = rejoin(proxy, key)
        key_of(again)
        assert echoes(again)
        assert b'lost' not in guest.received
        network.close()


@pytest.fixture
def other(served):
    """A second proxy with the same store."""
    conf = served.deployment.conf()
    store = FaultyStore(conf, new=False)
    made = Proxy(conf, store, served.computes)
    made.start()
    yield made
    made.stop()
    store.close()


def at(other, key, **options):
    """A client that opens a session again at the other proxy."""
    url = f'{other.url("serial").replace("http", "ws")}/?rejoin={key}'
    return connect(url, proxy=None, compression=None, **V1, **options)


def test_another_proxy(proxy, other):
    """The first proxy learns it with its next heartbeat, and frees the guest."""
    guest = proxy.guest(one_at_a_time=True)
    client, key = opened(proxy, proxy.token(guest))
    assert echoes(client)
    with at(other, key) as again:
        new_key = key_of(again)
        assert closed(client) == REPLACED
        assert echoes(again)
        assert proxy.store.open_sockets == 1
        assert closed(rejoin(proxy, key)) == (4401, REFUSAL)
        back = rejoin(proxy, new_key)
        key_of(back)
        assert closed(again) == REPLACED
        assert echoes(back)


def test_a_proxy_that_is_stopped(proxy, other):
    """Its clients go on at another."""
    guest = proxy.guest(one_at_a_time=True)
    client, key = opened(proxy, proxy.token(guest))
    stopping = threading.Thread(target=proxy.proxy.stop)
    stopping.start()
    assert closed(client)[0] == 1001
    with at(other, key) as again:
        key_of(again)
        assert echoes(again)
    stopping.join(20)


@pytest.mark.parametrize('is_open', [True, False])
def test_a_revoke_kills_the_key(proxy, is_open):
    client, key = opened(proxy)
    if not is_open:
        lose(client)
        wait_for(lambda: proxy.store.open_sockets == 0)
    proxy.store.revoke(server_id('01'))
    if is_open:
        assert closed(client)[0] == 1008
    assert closed(rejoin(proxy, key)) == (4401, REFUSAL)


def test_attempts_that_fail(served):
    """The key is still valid, and nothing stays open."""
    proxy = served.start(console_proxy={'max_sessions': 2})
    port = free_port()
    guest = proxy.guest(port=port)
    client, key = opened(proxy, proxy.token(guest))
    proxy.computes.answer = False
    assert closed(rejoin(proxy, key))[0] == 4409
    assert closed(client) == REPLACED
    proxy.computes.answer = ComputeNotReady()
    assert closed(rejoin(proxy, key))[0] == 4503
    proxy.computes.answer = True
    guest.close()
    assert closed(rejoin(proxy, key))[0] == 4502
    others = [opened(proxy)[0] for _ in range(2)]
    assert closed(rejoin(proxy, key))[0] == 4429
    for one in others:
        one.close()
    wait_for(lambda: proxy.store.open_sockets == 0)
    guest = Guest(port=port)
    try:
        again = rejoin(proxy, key)
        key_of(again)
        assert echoes(again)
    finally:
        guest.close()


def test_a_client_that_leaves_while_it_opens_again(proxy):
    """The key is valid again."""
    _, key = opened(proxy)
    answers = threading.Event()
    proxy.computes.answer = lambda: answers.wait(30)
    asked = len(proxy.computes.asked)
    opening = proxy.raw()
    opening.sendall(
        upgrade(f'/?rejoin={key}', f'Sec-WebSocket-Protocol: {SUBPROTOCOL}')
    )
    wait_for(lambda: len(proxy.computes.asked) > asked)
    opening.close()
    wait_for(lambda: proxy.store.withdrawn)
    answers.set()
    again = rejoin(proxy, key)
    key_of(again)
    assert echoes(again)


def test_a_client_at_its_limit(served):
    """The session that is replaced does not count."""
    limits = ('client', 'server', 'project')
    proxy = served.start(console_proxy={f'max_sessions_per_{one}': 1 for one in limits})
    client, key = opened(proxy)
    for _ in range(3):
        again = rejoin(proxy, key)
        key = key_of(again)
        assert echoes(again)
        assert closed(client) == REPLACED
        client = again


def test_another_client(served):
    served.deployment.configure(console_proxy={'trusted_proxies': '127.0.0.1'})
    proxy = served.start()
    token = proxy.token(proxy.guest())
    ours = {'additional_headers': {'X-Forwarded-For': '192.0.2.1'}}
    other = {'additional_headers': {'X-Forwarded-For': '192.0.2.2'}}
    key = key_of(proxy.connect(token, **V1, **ours))
    assert closed(rejoin(proxy, key, **other)) == (4401, REFUSAL)
    assert key_of(rejoin(proxy, key, **ours))


@pytest.mark.parametrize(
    ('query', 'code'),
    [
        ('rejoin={key}&token={token}', 4400),
        ('rejoin={key}&rejoin=other', 4400),
        ('rejoin=', 4401),
        ('rejoin=' + 'x' * 300, 4401),
        ('rejoin={token}', 4401),
        ('token={key}', 4401),
    ],
)
def test_requests_with_keys(proxy, query, code):
    """A refused request does not use up the key."""
    token = proxy.token(proxy.guest())
    _, key = opened(proxy, token)
    url = f'ws://127.0.0.1:{proxy.port()}/?{query.format(key=key, token=token)}'
    with connect(url, proxy=None, **V1) as client:
        assert closed(client)[0] == code
    assert key_of(rejoin(proxy, key))


def test_clients_without_the_subprotocol(proxy):
    """They get no key, and cannot use one."""
    guest = proxy.guest()
    plain = proxy.connect(proxy.token(guest), subprotocols=['binary'])
    assert echoes(plain)
    _, key = opened(proxy, proxy.token(guest))
    with pytest.raises(InvalidStatus) as caught:
        proxy.connect(key, secret='rejoin', subprotocols=['binary'])
    assert caught.value.response.status_code == 401
    assert caught.value.response.body == f'{REFUSAL}\n'.encode()
    assert key_of(rejoin(proxy, key))


def test_consoles_without_a_key(served):
    """A SPICE token joins its session itself; and rejoining may be disabled."""
    proxy = served.start(console_tokens={'rejoin_grace': 0})
    guest = proxy.guest()
    spice = proxy.token(guest, console_type='spice-html5')
    for _ in range(2):
        assert echoes(proxy.connect(spice, name='SPICE', **V1))
    assert echoes(proxy.connect(proxy.token(guest), **V1))


def test_the_time_in_which_a_key_works(served):
    proxy = served.start(console_tokens={'rejoin_grace': 1})
    client = proxy.connect(proxy.token(proxy.guest()), **V1)
    key = key_of(client, within_s=1)
    lose(client)
    wait_for(lambda: proxy.store.released)
    threading.Event().wait(1.1)
    assert closed(rejoin(proxy, key)) == (4401, REFUSAL)


def test_the_end_of_a_session_that_was_opened_again(served):
    proxy = served.start(console_proxy={'max_session_time': 8})
    _, key = opened(proxy)
    threading.Event().wait(1)
    again = rejoin(proxy, key)
    key = key_of(again)
    assert closed(again) == (1008, 'The session has reached its maximum duration.')
    # The proxy counts from before a redeem, and the database from when it makes it.
    threading.Event().wait(2.5)
    assert closed(rejoin(proxy, key)) == (4401, REFUSAL)


def test_a_screen(proxy):
    """The client does the handshake of VNC again."""
    host = VNCHost()
    token = proxy.token(host, console_type='novnc')
    client = proxy.connect(token, name='VNC', **V1)
    key = key_of(client)
    shake_hands(client)
    again = rejoin(proxy, key, name='VNC')
    key_of(again)
    shake_hands(again)
    assert echoes(again)
    assert closed(client) == REPLACED
    host.close()
