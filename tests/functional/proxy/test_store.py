# SPDX-License-Identifier: Apache-2.0
"""The proxy with the real store, on SQLite."""

from __future__ import annotations

import concurrent.futures
import contextlib
import socket
import sqlite3
import time

import pytest
from websockets.exceptions import InvalidStatus

from tests.functional.proxy.test_relay import closed
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for


def status(proxy, token, name='serial') -> int:
    with pytest.raises(InvalidStatus) as caught:
        proxy.connect(token, name=name)
    return caught.value.response.status_code


def test_a_serial_token_opens_one_session(proxy):
    """Even if many clients use it at the same moment."""
    guest = proxy.guest()
    token = proxy.token(guest)

    def attempt(_) -> bool:
        with contextlib.suppress(InvalidStatus):
            proxy.connect(token)
            return True
        return False

    with concurrent.futures.ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(attempt, range(40))) == 1
    assert status(proxy, token) == 401


def test_a_spice_token_opens_one_console(proxy):
    """As many sockets as spice-html5 opens."""
    guest = proxy.guest()
    token = proxy.token(guest, console_type='spice-html5')
    for _ in range(5):
        client = proxy.connect(token, name='SPICE', subprotocols=['binary'])
        client.send(b'x')
        assert client.recv(timeout=30) == b'x'


def test_a_spice_console_is_one_clients_up_to_a_cap(served):
    """Sockets from another address, above the limit, or after the end are refused."""
    served.deployment.configure(
        console_proxy={'trusted_proxies': '127.0.0.1'},
        console_tokens={'spice_max_sockets': 3, 'spice_join_grace': 0.5},
    )
    proxy = served.start()
    guest = proxy.guest()
    token = proxy.token(guest, console_type='spice-html5')

    def opened(client: str) -> bool:
        forwarded = {'X-Forwarded-For': client}
        with contextlib.suppress(InvalidStatus):
            clients.append(
                proxy.connect(token, name='SPICE', additional_headers=forwarded)
            )
            return True
        return False

    clients: list = []
    assert opened('192.0.2.1')
    assert not opened('192.0.2.2')
    assert opened('192.0.2.1')
    assert opened('192.0.2.1')
    assert not opened('192.0.2.1')
    clients.pop().close()
    wait_for(lambda: opened('192.0.2.1'))
    for client in clients:
        client.close()
    wait_for(lambda: not opened('192.0.2.1'))


@pytest.mark.parametrize(
    ('groups', 'ttl_s'),
    [
        ({'console_proxy': {'max_session_time': 6}}, 600),
        ({'consoleauth': {'enforce_session_timeout': True}}, 6),
    ],
)
def test_a_spice_session_has_an_end(served, groups, ttl_s):
    """All its sockets end at the same time, and no other can join afterwards."""
    served.deployment.configure(**groups)
    proxy = served.start()
    begun = time.monotonic()
    token = proxy.token(proxy.guest(), ttl_s, console_type='spice-html5')
    clients = [proxy.connect(token, name='SPICE')]
    while len(clients) < 5:
        clients.append(proxy.connect(token, name='SPICE'))
        time.sleep(0.75)
    ends = []
    for client in clients:
        assert closed(client) == (1008, 'The session has reached its maximum duration.')
        ends.append(time.monotonic() - begun)
    assert ends[0] > 5.9
    # The last socket joined 3 s after the first.
    assert ends[-1] - ends[0] < 2.5
    # The proxy counts from before a redeem, and the database from when it makes it.
    time.sleep(2.5)
    assert status(proxy, token, 'SPICE') == 401


def test_a_token_outlives_an_opening_that_fails(proxy):
    """First the host does not confirm, then the guest is away; then it opens once."""
    port = free_port()
    guest = proxy.guest(port=port)
    token = proxy.token(guest)
    proxy.computes.answer = False
    assert status(proxy, token) == 409
    proxy.computes.answer = True
    guest.close()
    assert status(proxy, token) == 502
    assert status(proxy, token) == 502
    with socket.create_server(('127.0.0.1', port)):
        proxy.connect(token)
        assert status(proxy, token) == 401


def test_an_expired_token(proxy):
    """The token's expiry only limits the opening."""
    assert status(proxy, proxy.token(ttl_s=0)) == 401


def test_the_database_is_locked(proxy, tmp_path):
    """503 meanwhile; sessions continue, and no restart is needed."""
    guest = proxy.guest()
    client = proxy.connect(proxy.token(guest))
    token = proxy.token(guest)
    with sqlite3.connect(tmp_path / 'tokens.db', isolation_level=None) as database:
        database.execute('BEGIN EXCLUSIVE')
        assert status(proxy, token) == 503
        client.send(b'x')
        assert client.recv(timeout=30) == b'x'
        database.execute('ROLLBACK')
    database.close()
    wait_for(lambda: _opens(proxy, token))


def _opens(proxy, token) -> bool:
    with contextlib.suppress(InvalidStatus):
        return proxy.connect(token) is not None
    return False
