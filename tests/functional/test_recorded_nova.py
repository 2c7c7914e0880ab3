# SPDX-License-Identifier: Apache-2.0
"""Status, headers and body, as a real Nova 2026.2 was recorded to answer."""

from __future__ import annotations

import re

import pytest
from oslo_config import cfg

from console_ext import conf as config
from console_ext import exceptions
from console_ext.compute.inventory import InventoryDriver
from console_ext.standalone import app
from console_ext.wsgi import microversions
from tests.deployment import ETC, SERVERS, Deployment, server, server_id
from tests.documentation import SOURCE
from tests.functional.client import Client
from tests.functional.recorded import CASES, send

UUID = re.compile('[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}')
REQUEST_ID = re.compile('req-' + UUID.pattern)

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

URLS = {
    'serial': 'ws://127.0.0.1:6083/?token=',
    'spice-html5': 'http://127.0.0.1:6082/spice_auto.html?token=',
}


class ConsoleNotAvailable(Exception):
    """Nova's name, which nothing here expects."""


class SocketPortRangeExhaustedException(Exception):
    """Nova's name, as a nova-compute sends it."""


ERRORS = {
    '21': exceptions.ServerNotReady(server_id('21')),
    '22': exceptions.ConsoleTypeUnavailable('serial'),
    '25': SocketPortRangeExhaustedException('no free port for 192.0.2.1'),
    '26': ConsoleNotAvailable('Guest does not have a console available.'),
    '27': NotImplementedError(),
    '28': ValueError('secret of the driver'),
    '29': exceptions.ServerStateConflict(server_id('29'), 'get_serial_console'),
    '30': exceptions.ServerNotFound(server_id('30')),
}


class FaultyDriver(InventoryDriver):
    """Raises for some servers what the recorded Nova's driver raised for them."""

    def endpoint(self, server_id, console_type):
        if server_id[-2:] in ERRORS:
            raise ERRORS[server_id[-2:]]
        return super().endpoint(server_id, console_type)


def app_factory(global_conf: dict[str, str], **local_conf: str):
    """The stand-alone host, at the versions of the recorded Nova."""
    conf: cfg.ConfigOpts = config.from_paste(global_conf, local_conf)
    return app.build_app(conf, microversions.Range.parse('2.1', '2.104'))


@pytest.fixture(scope='module')
def recorded(tmp_path_factory):
    """A client of a host like the recorded one."""
    from console_ext.rpc.server import ComputeServer

    deployment = Deployment(tmp_path_factory.mktemp('recorded'))
    paste = (ETC / 'api-paste.ini').read_text()
    paste_config = deployment.path / 'api-paste.ini'
    paste_config.write_text(
        paste.replace('console_ext.standalone.app:factory', f'{__name__}:app_factory')
    )
    deployment.configure(api={'paste_config': paste_config})
    faulty = [
        server(number, vm_state='building' if number == '30' else 'active')
        for number in ERRORS
    ]
    deployment.write_inventory([*SERVERS, *faulty])
    conf = deployment.conf()
    agent = ComputeServer(conf, FaultyDriver(conf))
    agent.start()
    with Client.of(deployment) as client:
        yield client
    agent.stop()


@pytest.mark.parametrize('case', CASES, ids=[case['case'] for case in CASES])
def test_recorded_answer(recorded, case):
    """Each case is answered as by Nova, or as its row of the table of differences."""
    expected = {**case, 'plain': case.get('plain'), **case.get('here', {})}
    if 'here' in case:
        expected['plain'] = False
    response = send(recorded, case)
    assert response.status_int == expected['status'], response.text

    version = case.get('version', None if case.get('plain') else case.get('at', '2.1'))
    headers = response.headers
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
        console_type = 'spice-html5' if case.get('send') == 'spice' else 'serial'
        console = response.json['console']
        assert console['type'] == console_type
        url, token = console['url'][:-36], console['url'][-36:]
        assert url == URLS[console_type]
        assert UUID.fullmatch(token)
        assert set(response.json) == {'console'}
        assert set(console) == {'type', 'url'}


def test_every_difference_is_a_row_of_the_table():
    """A difference that the documentation does not list is a bug."""
    page = (SOURCE / 'reference' / 'differences.rst').read_text()
    rows = {case['here']['row'] for case in CASES if 'here' in case}
    assert [row for row in sorted(rows) if f'* - {row}\n' not in page] == []
