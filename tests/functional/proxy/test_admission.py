# SPDX-License-Identifier: Apache-2.0
"""Admission with real requests; every refusal comes before status 101."""

from __future__ import annotations

import logging
import select
import threading

import pytest
from websockets.exceptions import InvalidStatus

from console_ext import exceptions
from tests.functional.proxy.wire import receive_until, upgrade
from tests.parts.peers import full_backlog
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for

TOKEN_ANSWER = b'This console URL is invalid or has expired. Request a new one.\n'


def refused(proxy, token, path='/', name='serial', **options):
    """Return the response to a refused client."""
    with pytest.raises(InvalidStatus) as caught:
        proxy.connect(token, path, name, **options)
    return caught.value.response


def status(answer: bytes) -> int:
    return int(answer.split()[1])


@pytest.mark.parametrize('name', ['serial', 'SPICE'])
@pytest.mark.parametrize('path', ['/nothing', '/websockify/', '//', '/websockify%2f'])
def test_a_path_that_opens_nothing(proxy, name, path):
    """404, and the store is not asked."""
    answer = proxy.ask(upgrade(f'{path}?token={proxy.token(proxy.guest())}'), name)
    assert status(answer) == 404
    assert answer.endswith(b'\r\n\r\nThere is no page at this path.\n')
    assert proxy.store.asked == []


def test_one_answer_for_all_that_is_wrong_with_a_token(proxy, caplog):
    """The answer is the same for unknown, expired, used and other tokens."""
    caplog.set_level(logging.INFO)
    used = proxy.token(proxy.guest())
    proxy.connect(used)
    spice = proxy.token(proxy.guest(), console_type='spice-html5')
    expired = proxy.token(proxy.guest(), ttl_s=0)
    for token, reason in (
        ('unknown', 'unknown'),
        (expired, 'expired'),
        (used, 'used'),
        (spice, 'wrong_type'),
        ('x' * 256, 'unknown'),
    ):
        caplog.clear()
        response = refused(proxy, token)
        assert (response.status_code, bytes(response.body)) == (401, TOKEN_ANSWER)
        assert f'401, token {reason}' in caplog.text


def test_a_console_is_for_its_listener(proxy):
    """A serial token does not open anything on the SPICE port."""
    token = proxy.token(proxy.guest())
    assert refused(proxy, token, name='SPICE').status_code == 401


def test_no_token(proxy):
    """The answer is 401 with its own message."""
    answer = proxy.ask(upgrade('/'))
    assert status(answer) == 401
    assert answer.endswith(
        b'\r\n\r\nThe URL has no token. Request a new console URL.\n'
    )


def test_two_different_tokens(proxy):
    """A log and this program could read different ones."""
    token = proxy.token(proxy.guest())
    assert status(proxy.ask(upgrade(f'/?token={token}&token=other'))) == 400
    cookie = upgrade(f'/websockify?token={token}', 'Cookie: token=other')
    assert status(proxy.ask(cookie)) == 400
    assert proxy.store.asked == []


def test_tempest_sends_a_cookie(proxy):
    """The cookie is accepted on /websockify, next to malformed cookies of others."""
    guest = proxy.guest()
    cookies = f'Cookie: =; a b c; x="; token={proxy.token(guest)}; \xff=\xfe'
    with proxy.raw() as client:
        client.sendall(upgrade('/websockify', cookies))
        assert receive_until(client, b'\r\n\r\n').startswith(b'HTTP/1.1 101')


def test_two_origins_are_one_too_many(proxy):
    """An allowed origin does not make another one acceptable."""
    origins = ['Origin: http://console.example.org:6083', 'Origin: http://evil']
    token = proxy.token(proxy.guest())
    assert status(proxy.ask(upgrade(f'/?token={token}', *origins))) == 400


@pytest.mark.parametrize(
    ('error', 'expected'),
    [
        (exceptions.ServerNotFound('x'), 409),
        (exceptions.ServerNotReady('x'), 409),
        (exceptions.ConsoleTypeUnavailable('serial'), 409),
        (exceptions.HostUnreachable('compute-1'), 503),
        (exceptions.BusUnreachable(), 503),
        (exceptions.UnexpectedReply('compute-1', 'x'), 502),
        (RuntimeError('with a token in it'), 500),
        (None, 409),
        ('true', 409),
    ],
)
def test_what_the_compute_host_says(proxy, error, expected):
    """Every answer except true refuses the client."""
    guest = proxy.guest()
    proxy.computes.answer = error
    response = refused(proxy, proxy.token(guest))
    assert response.status_code == expected
    assert ('Retry-After' in response.headers) == (expected == 503)
    assert bytes(response.body).count(b'\n') == 1
    assert guest.accepted == 0


def test_a_target_that_is_not_there(proxy):
    """Status 502 at each attempt; the token stays valid."""
    token = proxy.token(port=free_port())
    for _ in range(2):
        assert refused(proxy, token).status_code == 502
    assert not proxy.store.open_sockets


def test_a_target_that_does_not_answer(served):
    """A full backlog leads to 502 after connect_timeout."""
    proxy = served.start(console_proxy={'connect_timeout': 0.3})
    with full_backlog() as port:
        assert refused(proxy, proxy.token(port=port)).status_code == 502


def test_targets_that_do_not_answer_delay_nobody(served):
    """However many connections are being opened, other targets are reached at once."""
    proxy = served.start(console_proxy={'connect_timeout': 60})
    with full_backlog() as port:
        waiting = [proxy.raw() for _ in range(40)]
        for client in waiting:
            client.sendall(upgrade(f'/?token={proxy.token(port=port)}'))
        wait_for(lambda: len(proxy.computes.asked) == len(waiting))
        for _ in range(5):
            client = proxy.connect(proxy.token(proxy.guest()))
            client.send(b'x')
            assert client.recv(timeout=30) == b'x'
        # None of them has been answered meanwhile.
        assert not select.select(waiting, [], [], 0)[0]
        for client in waiting:
            client.close()
    wait_for(lambda: len(proxy.store.withdrawn) == len(waiting))


def test_an_ipv6_target(served):
    """An IPv6 address in an allowed network is reached."""
    proxy = served.start(console_proxy={'allowed_targets': '::1/128'})
    guest = proxy.guest(host='::1')
    client = proxy.connect(proxy.token(guest, host='::1'))
    client.send(b'x')
    assert client.recv(timeout=30) == b'x'
    assert refused(proxy, proxy.token(guest, host='::2')).status_code == 502


def test_an_ipv6_target_that_does_not_answer(served):
    """As with IPv4."""
    proxy = served.start(console_proxy={'connect_timeout': 0.3})
    with full_backlog('::1') as port:
        response = refused(proxy, proxy.token(host='::1', port=port))
    assert response.status_code == 502


def test_a_target_in_no_allowed_network(served):
    """The address to which a name resolves decides."""
    proxy = served.start(console_proxy={'allowed_targets': '10.0.0.0/8, ::1'})
    guest = proxy.guest()
    assert refused(proxy, proxy.token(guest)).status_code == 502
    assert refused(proxy, proxy.token(guest, host='localhost')).status_code == 502
    assert guest.accepted == 0


def test_a_target_in_an_allowed_network(served):
    """Also for a name that resolves to it."""
    proxy = served.start(console_proxy={'allowed_targets': '10.0.0.0/8, 127.0.0.0/8'})
    for host in ('127.0.0.1', 'localhost'):
        client = proxy.connect(proxy.token(proxy.guest(), host=host))
        client.send(b'x')
        assert client.recv(timeout=30) == b'x'


def test_a_target_by_name(proxy):
    """A host name is looked up."""
    client = proxy.connect(proxy.token(proxy.guest(), host='localhost'))
    client.send(b'x')
    assert client.recv(timeout=30) == b'x'


def test_the_store_is_away(proxy):
    """503 while it is unavailable, then it works without a restart."""
    guest = proxy.guest()
    token = proxy.token(guest)
    proxy.store.away.set()
    response = refused(proxy, token)
    assert (response.status_code, response.headers['Retry-After']) == (503, '10')
    proxy.store.away.clear()
    proxy.connect(token).send(b'x')


def test_the_store_hangs(served):
    """503 after store_timeout; what it grants later is released."""
    proxy = served.start(console_proxy={'store_timeout': 0.2})
    token = proxy.token(proxy.guest())
    proxy.store.answers.clear()
    assert refused(proxy, token).status_code == 503
    proxy.store.answers.set()
    wait_for(lambda: proxy.store.withdrawn and not proxy.store.open_sockets)


def test_subprotocols(proxy):
    """ "binary" if it is offered, none if none is offered, otherwise refused."""
    guest = proxy.guest()
    offer = ['base64', 'binary']
    assert proxy.connect(proxy.token(guest), subprotocols=offer).subprotocol == 'binary'
    assert proxy.connect(proxy.token(guest)).subprotocol is None
    response = refused(proxy, proxy.token(guest), subprotocols=['base64'])
    assert response.status_code == 400
    assert b'binary' in bytes(response.body)


def test_only_trusted_proxies_say_who_the_client_is(served):
    """X-Forwarded-For of other clients is ignored."""
    proxy = served.start(console_proxy={'trusted_proxies': '127.0.0.0/8'})
    guest = proxy.guest()
    forwarded = {'X-Forwarded-For': '6.6.6.6, 203.0.113.9, 127.0.0.7'}
    proxy.connect(proxy.token(guest), additional_headers=forwarded)
    assert proxy.store.asked[-1][2] == '203.0.113.9'


def test_ipv6_clients_are_counted_by_network(served):
    """A host can use any address in its /64."""
    proxy = served.start(
        console_proxy={'trusted_proxies': '127.0.0.1', 'max_sessions_per_client': 2}
    )
    guest = proxy.guest()

    def forwarded(address):
        return {'additional_headers': {'X-Forwarded-For': address}}

    for number in (1, 2):
        proxy.connect(proxy.token(guest), **forwarded(f'2001:db8::{number}'))
    third = refused(proxy, proxy.token(guest), **forwarded('2001:db8::3'))
    assert third.status_code == 429
    proxy.connect(proxy.token(guest), **forwarded('2001:db8:0:1::3'))


@pytest.mark.parametrize('trusted', ['', '192.0.2.1, 203.0.113.0/24'])
def test_anybody_else_does_not(served, trusted):
    """By default, and for an address that is not in the list."""
    proxy = served.start(console_proxy={'trusted_proxies': trusted})
    forwarded = {'X-Forwarded-For': '203.0.113.9'}
    proxy.connect(proxy.token(proxy.guest()), additional_headers=forwarded)
    assert proxy.store.asked[-1][2] == '127.0.0.1'


def test_internal_access_path(proxy):
    """CONNECT is sent first, and its answer is not part of the console."""
    asked = bytearray()

    def serve(connection):
        while not asked.endswith(b'\r\n\r\n'):
            asked.extend(connection.recv(1))
        connection.sendall(b'HTTP/1.1 200 OK\r\nX: y\r\n\r\nlogin: ')
        connection.recv(1)

    token = proxy.token(proxy.guest(serve), internal_access_path='abc-123')
    assert proxy.connect(token).recv(timeout=30) == b'login: '
    assert asked == b'CONNECT abc-123 HTTP/1.1\r\n\r\n'


@pytest.mark.parametrize(
    'answer',
    [
        b'HTTP/1.1 403 Forbidden\r\n\r\n',
        b'HTTP/1.1 2000 OK\r\n\r\n',
        b'SSH-2.0 200\r\n\r\n',
        b'x' * 20000,
        b'',
    ],
)
def test_internal_access_path_is_not_granted(proxy, answer):
    """An answer other than 200, or an overlong one, leads to 502."""

    def serve(connection):
        connection.recv(100)
        connection.sendall(answer)

    token = proxy.token(proxy.guest(serve), internal_access_path='abc')
    assert refused(proxy, token).status_code == 502


def test_internal_access_path_is_not_answered(served):
    """connect_timeout applies."""
    proxy = served.start(console_proxy={'connect_timeout': 0.3})
    stop = threading.Event()
    guest = proxy.guest(lambda _: stop.wait(10))
    token = proxy.token(guest, internal_access_path='abc')
    assert refused(proxy, token).status_code == 502
    stop.set()


@pytest.mark.parametrize('path', ['a b', 'a\r\nX: y', '', 'é'])
def test_internal_access_path_is_one_word(proxy, path):
    """It cannot inject a second header."""
    token = proxy.token(proxy.guest(), internal_access_path=path)
    assert refused(proxy, token).status_code == 502


def test_a_session_is_logged_once_at_each_end(proxy, caplog):
    """Server, type, client, bytes, duration and reason."""
    caplog.set_level(logging.INFO)
    client = proxy.connect(proxy.token(proxy.guest()))
    client.send(b'12345')
    client.recv(timeout=30)
    client.close()
    wait_for(lambda: ': client closed' in caplog.text)
    opened, closed = (text for text in caplog.messages if text.startswith('Session'))
    assert 'server 00000000-0000-4000-8000-000000000001, serial,' in opened
    assert 'client 127.0.0.1, 5 bytes from it, 5 to it,' in closed
    assert closed.endswith(' s: client closed')
