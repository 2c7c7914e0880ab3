# SPDX-License-Identifier: Apache-2.0
"""The filter does not change what it does not answer."""

from __future__ import annotations

import json
import re

import pytest

from tests.integration.nova.client import Client
from tests.integration.nova.test_recorded import UUID, seen

SERVER = '/v2.1/servers/{server}'
ACTION = f'{SERVER}/action'
CONSOLES = f'{SERVER}/remote-consoles'
TOKEN = '/v2.1/os-console-auth-tokens/b9bbd7a4-7d2f-4d0c-8f0e-0a5a6c2d9e11'


def version(text):
    return {'OpenStack-API-Version': f'compute {text}'}


def action(body, **how):
    headers = {'Content-Type': 'application/json', **how.pop('headers', {})}
    return {
        'method': how.pop('method', 'POST'),
        'path': how.pop('path', ACTION),
        'body': json.dumps(body).encode(),
        'headers': headers,
        **how,
    }


def remote_console(protocol, console_type, at, **how):
    body = {'remote_console': {'protocol': protocol, 'type': console_type}}
    return action(body, headers=version(at), **{'path': CONSOLES, **how})


REQUESTS = {
    'versions': {'path': '/'},
    'version': {'path': '/v2.1/'},
    'legacy version': {'path': '/v2/'},
    'list': {'path': '/v2.1/servers'},
    'list in detail': {'path': '/v2.1/servers/detail'},
    'list of all': {'path': '/v2.1/servers/detail?all_tenants=1', 'by': 'root'},
    'legacy list': {'path': '/v2/{project}/servers'},
    'list by page': {'path': '/v2.1/servers?limit=2'},
    'show': {'path': SERVER},
    'show as administrator': {'path': SERVER, 'by': 'root'},
    'show to another': {'path': SERVER, 'by': 'bob'},
    'show unknown': {'path': SERVER, 'number': 'ff'},
    'show at 2.96': {'path': SERVER, 'headers': version('2.96')},
    'show at latest': {'path': SERVER, 'headers': version('latest'), 'by': 'root'},
    'show at none': {'path': SERVER, 'headers': version('2.9999')},
    'head': {'method': 'HEAD', 'path': SERVER},
    'options': {'method': 'OPTIONS', 'path': SERVER},
    'nobody': {'path': SERVER, 'by': None},
    'no such path': {'path': '/v2.1/nowhere'},
    'system scope': {'path': SERVER, 'by': 'sys'},
    'metadata': {'path': f'{SERVER}/metadata'},
    'actions so far': {'path': f'{SERVER}/os-instance-actions', 'by': 'root'},
    'flavors': {'path': '/v2.1/flavors'},
    'services': {'path': '/v2.1/os-services', 'by': 'bob'},
    'cors': {'path': SERVER, 'headers': {'Origin': 'http://evil.example'}},
    'put metadata': {
        'method': 'PUT',
        'path': f'{SERVER}/metadata/made',
        'body': b'{"meta": {"made": "by a test"}}',
        'headers': {'Content-Type': 'application/json'},
    },
    'console of another protocol': remote_console('mks', 'webmks', '2.8'),
    'console of another protocol at latest': remote_console('mks', 'x', 'latest'),
    'rdp console': remote_console('rdp', 'rdp-html5', '2.6'),
    'rdp console of an unknown server': remote_console(
        'rdp', 'rdp-html5', '2.6', number='ff'
    ),
    'rdp console, refused': remote_console('rdp', 'rdp-html5', '2.6', by='rita'),
    'console before 2.6': remote_console('serial', 'serial', '2.5'),
    'console of /v2': remote_console(
        'serial', 'serial', '2.6', path='/v2/servers/{server}/remote-consoles'
    ),
    'get of consoles': {'path': CONSOLES, 'headers': version('2.6')},
    'put of a console': remote_console('serial', 'serial', '2.6', method='PUT'),
    'console with a slash': remote_console(
        'serial', 'serial', '2.6', path=f'{CONSOLES}/'
    ),
    'rdp action': action({'os-getRDPConsole': {'type': 'rdp-html5'}}),
    'unknown token': {'path': TOKEN, 'by': 'root', 'headers': version('2.99')},
    'token of a reader': {'path': TOKEN, 'by': 'rita', 'headers': version('2.99')},
    'token before 2.31': {'path': TOKEN, 'by': 'root', 'headers': version('2.30')},
    'token with a query': {
        'path': f'{TOKEN}?x=1',
        'by': 'root',
        'headers': version('2.99'),
    },
    'token of /v2': {'path': TOKEN.replace('v2.1', 'v2'), 'by': 'root'},
    'delete of a token': {'method': 'DELETE', 'path': TOKEN, 'by': 'root'},
    'tokens': {'path': '/v2.1/os-console-auth-tokens', 'by': 'root'},
    'lock and no more': action({'lock': None}, number='0d'),
    'output': action({'os-getConsoleOutput': {'length': 3}}),
    'other action, refused': action({'os-resetState': {'state': 'active'}}),
    'other action, unknown server': action({'unlock': None}, number='ff'),
    'other action at 2.6': action({'lock': None}, headers=version('2.6'), number='0d'),
    'upload in chunks': {**action({}), 'body': b' ' * 81920, 'chunked': True},
    'upload over the limit': {**action({}), 'body': b' ' * 200_000},
    'upload in chunks over the limit': {
        **action({}),
        'body': b' ' * 200_000,
        'chunked': True,
    },
    'get of an action': {'path': ACTION},
    'head of an action': {'method': 'HEAD', 'path': ACTION},
    'options of an action': {'method': 'OPTIONS', 'path': ACTION},
    'preflight': {
        'method': 'OPTIONS',
        'path': ACTION,
        'by': None,
        'headers': {
            'Origin': 'http://evil.example',
            'Access-Control-Request-Method': 'POST',
        },
    },
    'create': {
        'method': 'POST',
        'path': '/v2.1/servers',
        'body': b'{"server": {"name": "x"}}',
        'headers': {'Content-Type': 'application/json'},
    },
}


@pytest.mark.parametrize('name', REQUESTS)
def test_passed_on(plain, filtered, name):
    """Byte for byte, except ids that are new at each request."""
    request = {'method': 'GET', **REQUESTS[name]}
    without, ours = (Client(url).request(**request) for url in (plain, filtered))
    assert seen(ours) == seen(without)
    assert without.status_code < 500


def test_request_ids(cloud, filtered):
    """The request id is the same in the answer, the log, and the call to the host."""
    response = Client(filtered).console()
    request_id = response.headers['x-openstack-request-id']
    assert response.headers['x-compute-request-id'] == request_id
    assert request_id in cloud.computes['compute-1'].log
    # A host without a queue causes a log line.
    request_id = Client(filtered).console('08').headers['x-openstack-request-id']
    ours = [
        line
        for line in cloud.program_of(filtered).log.splitlines()
        if 'console_ext' in line and request_id in line
    ]
    assert len(ours) == 1


VNC = [
    action({'os-getVNCConsole': {'type': 'novnc'}}),
    action({'os-getVNCConsole': {'type': 'novnc'}}, number='09'),
    action({'os-getVNCConsole': {'type': 'novnc'}}, by='rita'),
    remote_console('vnc', 'novnc', '2.99'),
    remote_console('vnc', 'novnc', '2.6', number='09'),
    remote_console('vnc', 'novnc', '2.6', by='rita'),
    remote_console('vnc', 'serial', '2.6'),
]


@pytest.mark.parametrize('request_', VNC)
def test_types_that_are_left_to_nova(plain, without_vnc, request_):
    """Byte for byte, a stopped server's useless URL and Nova's own rule too."""
    without, ours = (Client(url).request(**request_) for url in (plain, without_vnc))
    assert seen(ours) == seen(without)


def test_tokens_of_both(plain, without_vnc):
    """Nova answers for its tokens through the filter, and the filter for ours."""

    def grant(url, *pair):
        answer = Client(url).request(**remote_console(*pair, '2.99'))
        assert answer.status_code == 200, answer.text
        return token_of(answer.json()['remote_console']['url'])

    def look_up(url, token):
        path = f'/v2.1/os-console-auth-tokens/{token}'
        return Client(url).get(path, by='root', headers=version('2.99'))

    by_nova = [
        grant(plain, 'spice', 'spice-direct'),
        grant(without_vnc, 'vnc', 'novnc'),
    ]
    for token in by_nova:
        assert UUID.fullmatch(token)
        answers = [look_up(url, token) for url in (plain, without_vnc)]
        assert answers[0].status_code == 200
        assert seen(answers[0]) == seen(answers[1])
    ours = grant(without_vnc, 'spice', 'spice-direct')
    assert not UUID.fullmatch(ours)
    assert look_up(plain, ours).status_code == 404
    found = look_up(without_vnc, ours)
    assert found.status_code == 200
    # As Nova has it for its own token of the same console.
    assert found.json() == look_up(plain, by_nova[0]).json()


def token_of(url):
    return re.search('token(?:=|%3D)([0-9A-Za-z_-]+)', url)[1]
