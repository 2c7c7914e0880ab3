# SPDX-License-Identifier: Apache-2.0
"""What the API stores about the tokens that it issues."""

from __future__ import annotations

import sqlite3
import time

import pytest

from console_ext import exceptions
from console_ext.store import load_store, migration
from tests.parts.api_client import SERIAL, SPICE, Client
from tests.parts.deployment import PROJECT_A, server_id


@pytest.fixture
def database(deployment):
    """An SQLite file for the store, without tables."""
    path = deployment.path / 'console.db'
    deployment.configure(
        database={'connection': f'sqlite:///{path}'}, consoleauth={'token_ttl': 60}
    )
    return path


@pytest.fixture
def store(deployment, database):
    conf = deployment.conf()
    migration.sync(conf)
    found = load_store(conf)
    yield found
    found.close()


@pytest.fixture
def client(deployment, agent, request):
    if 'store' in request.fixturenames:
        request.getfixturevalue('store')
    agent()
    with Client.of(deployment) as client:
        yield client


def token_of(response):
    return response.json['console']['url'].partition('token=')[2]


@pytest.mark.parametrize(
    ('body', 'console_type', 'port'),
    [(SERIAL, 'serial', 10001), (SPICE, 'spice-html5', 5901)],
)
def test_token_opens_what_was_asked_for(
    deployment, store, client, body, console_type, port
):
    """The store has the console, the server, the user and the expiry."""
    token = token_of(client.console(body=body, by='root'))
    lease = store.redeem(token, console_type, '192.0.2.1')
    noted = lease.authorization
    with sqlite3.connect(deployment.path / 'console.db') as database:
        ((issued, expires),) = database.execute(
            'SELECT issued, expires FROM console_ext_authorizations'
        )
    database.close()
    assert noted.console_type == console_type
    assert noted.server_id == server_id('01')
    assert noted.project_id == PROJECT_A
    assert noted.user_id == 'root'
    assert noted.compute_host == 'compute-1'
    assert (noted.host, noted.port) == ('127.0.0.1', port)
    assert expires - issued == pytest.approx(60)
    assert issued == pytest.approx(time.time(), abs=10)


def test_refused_request_notes_nothing(store, client):
    """A refused request leaves no authorization."""
    assert client.console(by='rita').status_int == 403
    assert client.console('07').status_int == 400
    assert store.revoke(server_id('01')) == 0
    assert store.revoke(server_id('07')) == 0


def test_store_that_is_away_is_503(database, client):
    """A token that no proxy would find is not issued."""
    response = client.console()
    assert response.status_int == 503
    assert response.headers['Retry-After']
    message = response.json['serviceUnavailable']['message']
    assert message == str(exceptions.StoreUnavailable())


def test_without_a_database_nothing_is_stored(deployment, client):
    """The proxies of the compute service know its tokens."""
    assert load_store(deployment.conf()) is None
    assert client.console().status_int == 200
