# SPDX-License-Identifier: Apache-2.0
"""Status, headers and body are those recorded from a real Nova 2026.2."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from console_ext import conf as config
from console_ext import exceptions
from console_ext.compute.inventory import InventoryDriver
from console_ext.consoles import ConsoleType, Endpoint
from console_ext.rpc.server import ComputeServer
from console_ext.standalone import app
from console_ext.store import migration
from console_ext.wsgi import microversions
from tests.functional.recorded import ACTIONS, CASES, CONSOLE_CASES, PAIR, send
from tests.parts.api_client import Client
from tests.parts.deployment import ETC, SERVERS, Deployment, server, server_id
from tests.parts.documentation import SOURCE

UUID = re.compile('[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}')
REQUEST_ID = re.compile('req-' + UUID.pattern)

# Without a store, tokens are the compute host's; with a store, the API's.
HOST_S_TOKEN = UUID
OUR_TOKEN = re.compile('[A-Za-z0-9_-]{43}')

FAULTS = {
    400: 'badRequest',
    403: 'forbidden',
    404: 'itemNotFound',
    406: 'computeFault',
    409: 'conflictingRequest',
    413: 'overLimit',
    415: 'badMediaType',
    500: 'computeFault',
    501: 'notImplemented',
    503: 'serviceUnavailable',
}

NOVNC_PAGE = 'http://127.0.0.1:6080/vnc_lite.html'

URLS = {
    'serial': 'ws://127.0.0.1:6083/?token=',
    'spice-html5': 'http://127.0.0.1:6082/spice_auto.html?token=',
    'spice-direct': 'http://127.0.0.1:13002/nova?token=',
    'novnc': f'{NOVNC_PAGE}?path=%3Ftoken%3D',
}

# The answers of Nova's fake driver; its internal access path is always new.
_PATH = 'b2e0c5a4-6a2c-4f0e-9b7d-3f1a8c5d7e90'
ENDPOINTS = {
    'serial': Endpoint('fakerdpconsole.com', 6969, None, _PATH),
    'spice-html5': Endpoint('fakespiceconsole.com', 6969, 6970, _PATH),
    'spice-direct': Endpoint('fakespiceconsole.com', 6969, 6970),
    'novnc': Endpoint('fakevncconsole.com', 6969, None, _PATH),
}


class ConsoleNotAvailable(Exception):
    """Nova's class name, which is unexpected here."""


class ImageSerialPortNumberInvalid(Exception):
    """Nova's class name, as nova-compute sends it."""


class SocketPortRangeExhaustedException(Exception):
    """Nova's class name, as nova-compute sends it."""


ERRORS = {
    '20': exceptions.ServerNotFound(server_id('20')),
    '21': exceptions.ServerNotReady(server_id('21')),
    '22': exceptions.ConsoleTypeUnavailable('serial'),
    '23': ImageSerialPortNumberInvalid("expected an integer, got 'secret'"),
    '25': SocketPortRangeExhaustedException('no free port for 192.0.2.1'),
    '26': ConsoleNotAvailable('Guest does not have a console available.'),
    '27': NotImplementedError(),
    '28': ValueError('secret of the driver'),
    '29': exceptions.ServerStateConflict(server_id('29'), 'get_serial_console'),
    '30': exceptions.ServerNotFound(server_id('30')),
}


class RecordedDriver(InventoryDriver):
    """Returns and raises the same as the recorded Nova's driver."""

    def endpoint(self, server_id: str, console_type: ConsoleType) -> Endpoint:
        if server_id[-2:] in ERRORS:
            raise ERRORS[server_id[-2:]]
        super().endpoint(server_id, console_type)
        return ENDPOINTS[console_type.type]


def app_factory(global_conf: dict[str, str], **local_conf: str):
    """The stand-alone API with the versions of the recorded Nova."""
    conf: cfg.ConfigOpts = config.from_paste(global_conf, local_conf)
    return app.build_app(conf, microversions.Range.parse('2.1', '2.104'))


@contextmanager
def host(path: Path, database: str | None = None) -> Iterator[Client]:
    """A client of a host like the recorded one.

    :param database: the URL of the store; None for none
    """
    deployment = Deployment(path)
    paste = (ETC / 'api-paste.ini').read_text()
    paste_config = path / 'api-paste.ini'
    paste_config.write_text(
        paste.replace('console_ext.standalone.app:factory', f'{__name__}:app_factory')
    )
    deployment.configure(
        api={'paste_config': paste_config},
        vnc={'enabled': True, 'novncproxy_base_url': NOVNC_PAGE},
    )
    faulty = [
        server(number, vm_state='building' if number == '30' else 'active')
        for number in ERRORS
    ]
    deployment.write_inventory([*SERVERS, *faulty])
    if database is not None:
        deployment.configure(database={'connection': database})
        migration.sync(deployment.conf())
    conf = deployment.conf()
    agent = ComputeServer(conf, RecordedDriver(conf))
    agent.start()
    try:
        with Client.of(deployment) as client:
            yield client
    finally:
        agent.stop()


@pytest.fixture(scope='module')
def recorded(tmp_path_factory):
    with host(tmp_path_factory.mktemp('recorded')) as client:
        yield client


@pytest.fixture(scope='module')
def with_store(tmp_path_factory):
    path = tmp_path_factory.mktemp('with_store')
    with host(path, f'sqlite:///{path}/console.db') as client:
        yield client


@pytest.mark.parametrize('case', CASES, ids=[case['case'] for case in CASES])
def test_recorded_answer(recorded, case):
    """Each answer is Nova's, or that of its row in the table of differences."""
    check(send(recorded, case), case, HOST_S_TOKEN)


@pytest.mark.parametrize(
    'case', CONSOLE_CASES, ids=[case['case'] for case in CONSOLE_CASES]
)
def test_recorded_answer_with_a_store(with_store, case):
    """The same for cases with tokens."""
    check(send(with_store, case), case, OUR_TOKEN)


def check(response, case: dict[str, Any], token: re.Pattern[str]) -> None:
    """
    :param token: of a console's URL
    """
    expected = {**case, 'plain': case.get('plain'), **case.get('here', {})}
    if 'here' in case:
        expected['plain'] = False
    assert response.status_int == expected['status'], response.text
    check_headers(response.headers, case)

    headers = response.headers
    if expected['plain']:
        content_type = case.get('content_type', 'text/plain; charset=UTF-8')
        assert headers.get('Content-Type') == content_type
    elif 'says' in expected:
        assert headers['Content-Type'] == 'application/json; charset=UTF-8'
        message = (
            expected['says'].format(request_id=headers['x-openstack-request-id'])
            if '{request_id}' in expected['says']
            else expected['says']
        )
        status = expected['status']
        assert response.json == {FAULTS[status]: {'code': status, 'message': message}}
        assert ('Retry-After' in headers) == (status == 503)
    else:
        content_type = case.get('content_type', 'application/json')
        assert headers['Content-Type'] == content_type
        if 'finds' in case:
            console = {'instance_uuid': server_id('01'), **case['finds']}
            assert response.json == {'console': console}
        else:
            check_console(response.json, case, token)


def check_headers(headers, case: dict[str, Any]) -> None:
    version = case.get('version', None if case.get('plain') else case.get('at', '2.1'))
    if version is None:
        assert 'OpenStack-API-Version' not in headers
        assert 'Vary' not in headers
    else:
        assert headers['OpenStack-API-Version'] == f'compute {version}'
        assert headers['X-OpenStack-Nova-API-Version'] == version
        assert headers.getall('Vary') == [
            'OpenStack-API-Version',
            'X-OpenStack-Nova-API-Version',
        ]
    if case.get('method') != 'OPTIONS':  # answered in front of the request id
        assert REQUEST_ID.fullmatch(headers['x-openstack-request-id'])
        assert headers['x-compute-request-id'] == headers['x-openstack-request-id']


def check_console(
    answer: dict[str, Any], case: dict[str, Any], token: re.Pattern[str]
) -> None:
    gives = case.get('gives', case.get('send', 'serial'))
    if pair := PAIR.fullmatch(gives):
        protocol, console_type = pair.groups()
        name, expected = 'remote_console', {'protocol': protocol, 'type': console_type}
    else:
        ((_, asked),) = ACTIONS.get(gives, ACTIONS['serial']).items()
        name, expected = 'console', asked
    (console,) = answer.values()
    url = console.pop('url')
    assert answer == {name: expected}
    start = URLS[expected['type']]
    assert url.startswith(start)
    assert token.fullmatch(url.removeprefix(start))


# Rows without a recorded answer are tested with the policy and the schemas.
NOT_RECORDED = {
    'policy target',
    'console response schema',
    'token and URL of a console',
}


def test_the_table_has_every_difference_and_no_other():
    """An undocumented difference is a bug, and so is a row without one."""
    page = (SOURCE / 'reference' / 'differences.rst').read_text()
    header, *rows = re.findall(r'^   \* - (.+)$', page, re.MULTILINE)
    assert header == 'case'
    seen = {case['here']['row'] for case in CASES + CONSOLE_CASES if 'here' in case}
    assert sorted(rows) == sorted(seen | NOT_RECORDED)
