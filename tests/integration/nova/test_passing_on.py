# SPDX-License-Identifier: Apache-2.0
"""What the filter does not answer, it does not change."""

from __future__ import annotations

import json

import pytest

from tests.integration.nova.client import Client
from tests.integration.nova.test_recorded import seen

SERVER = '/v2.1/servers/{server}'
ACTION = f'{SERVER}/action'


def version(text):
    return {'OpenStack-API-Version': f'compute {text}'}


def action(body, **how):
    headers = {'Content-Type': 'application/json', **how.pop('headers', {})}
    return {
        'method': 'POST',
        'path': ACTION,
        'body': json.dumps(body).encode(),
        'headers': headers,
        **how,
    }


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
    'new resource at 2.6': {
        'method': 'POST',
        'path': f'{SERVER}/remote-consoles',
        'body': b'{"remote_console": {"protocol": "serial", "type": "x"}}',
        'headers': {'Content-Type': 'application/json', **version('2.6')},
    },
    'vnc': action({'os-getVNCConsole': {'type': 'novnc'}}),
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
    """Byte for byte, but for ids that are new at each request."""
    request = {'method': 'GET', **REQUESTS[name]}
    without, ours = (Client(url).request(**request) for url in (plain, filtered))
    assert seen(ours) == seen(without)
    assert without.status_code < 500


def test_request_ids(cloud, filtered):
    """Ours are Nova's: one id for the answer, in the log, and for the compute host."""
    response = Client(filtered).console()
    request_id = response.headers['x-openstack-request-id']
    assert response.headers['x-compute-request-id'] == request_id
    assert request_id in cloud.computes['compute-1'].log
    # A host without a queue is worth a line.
    request_id = Client(filtered).console('08').headers['x-openstack-request-id']
    ours = [
        line
        for line in cloud.program_of(filtered).log.splitlines()
        if 'console_ext' in line and request_id in line
    ]
    assert len(ours) == 1
