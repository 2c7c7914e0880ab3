# SPDX-License-Identifier: Apache-2.0
"""The samples of the API reference are valid requests and answers."""

from __future__ import annotations

import json
import re

import pytest

from console_ext.consoles import TYPES
from console_ext.store import migration
from tests.parts.api_client import Client
from tests.parts.deployment import SERVERS, server, server_id
from tests.parts.documentation import API_REFERENCE

SAMPLES = API_REFERENCE / 'samples'

NEWEST = '2.99'

# At the end of a URL; new each time.
TOKEN = re.compile('[0-9A-Za-z_-]{43}$')


@pytest.fixture
def client(deployment, agent):
    """A client of an API with a store, so that its tokens can be read."""
    deployment.configure(
        database={'connection': f'sqlite:///{deployment.path}/console.db'},
        vnc={'enabled': True},
    )
    migration.sync(deployment.conf())
    consoles = server('01')['consoles']
    consoles['spice']['tls_port'] = 5902
    deployment.write_inventory([server('01', consoles=consoles), *SERVERS[1:]])
    agent()
    with Client.of(deployment) as client:
        yield client


def sample(name):
    return json.loads((SAMPLES / f'{name}.json').read_text())


def without_token(answer):
    ((name, console),) = answer.items()
    assert TOKEN.search(console['url'])
    return {name: {**console, 'url': TOKEN.sub('', console['url'])}}


def create(client, body, number='01'):
    return client.request(
        'POST',
        f'/v2.1/servers/{server_id(number)}/remote-consoles',
        body=json.dumps(body).encode(),
        headers={
            'Content-Type': 'application/json',
            'OpenStack-API-Version': f'compute {NEWEST}',
        },
    )


@pytest.mark.parametrize('console_type', [one.type for one in TYPES])
def test_remote_console(client, console_type):
    """The resource with each type."""
    name = f'remote-consoles/create-{console_type}-console'
    answer = create(client, sample(f'{name}-req'))
    assert answer.status_int == 200
    assert without_token(answer.json) == without_token(sample(f'{name}-resp'))


@pytest.mark.parametrize('name', ['serial', 'spice', 'vnc'])
def test_action(client, name):
    """The actions that the resource replaced."""
    name = f'os-remote-consoles/get-{name}-console'
    answer = client.console(body=sample(f'{name}-req'))
    assert answer.status_int == 200
    assert without_token(answer.json) == without_token(sample(f'{name}-resp'))


def test_server_that_is_stopped(client):
    answer = create(client, sample('remote-consoles/create-serial-console-req'), '09')
    assert answer.status_int == 409
    assert answer.json == sample('remote-consoles/server-stopped-resp')


@pytest.mark.parametrize(
    ('console_type', 'version', 'name'),
    [
        ('novnc', '2.31', 'get-console-connect-info'),
        ('spice-direct', NEWEST, 'get-console-connect-info-v2.99'),
    ],
)
def test_token(client, console_type, version, name):
    """An administrator reads the address of its console."""
    asked = sample(f'remote-consoles/create-{console_type}-console-req')
    url = create(client, asked).json['remote_console']['url']
    answer = client.request(
        'GET',
        f'/v2.1/os-console-auth-tokens/{TOKEN.search(url)[0]}',
        by='root',
        headers={'OpenStack-API-Version': f'compute {version}'},
    )
    assert answer.status_int == 200
    assert answer.json == sample(f'os-console-auth-tokens/{name}-resp')


def test_each_sample_is_shown():
    """Each sample is in the reference, and each one in the reference exists."""
    shown = ''.join(path.read_text() for path in API_REFERENCE.glob('*.inc'))
    for path in SAMPLES.rglob('*.json'):
        assert f'samples/{path.relative_to(SAMPLES)}\n' in shown
