# SPDX-License-Identifier: Apache-2.0
"""The minimal compute API with its whole pipeline."""

import pytest

from console_ext import exceptions
from console_ext.servers.base import LookUp
from console_ext.standalone import app, deploy
from tests.parts.deployment import (
    PROJECT_A,
    PROJECT_B,
    SERVERS,
    Deployment,
    server,
    server_id,
)
from tests.parts.wsgi_client import (
    ADMIN,
    ALICE,
    BOB,
    READER,
    SERIAL,
    SYSTEM,
    ask,
    fault,
)
from tests.unit.wsgi import resource_extension

OF_A = [one['id'] for one in SERVERS if one['project_id'] == PROJECT_A]
OF_B = [one['id'] for one in SERVERS if one['project_id'] == PROJECT_B]


@pytest.fixture(scope='module')
def application(tmp_path_factory):
    """One application for all tests that change nothing."""
    return deploy.load_app(Deployment(tmp_path_factory.mktemp('app')).conf())


def ids(response):
    assert response.status_int == 200
    return [one['id'] for one in response.json['servers']]


LISTED = [
    ('', ALICE, OF_A),
    ('', READER, OF_A),
    ('', BOB, OF_B),
    ('', ADMIN, OF_A),
    ('all_tenants=1', ADMIN, [one['id'] for one in SERVERS]),
    ('all_tenants=True', ADMIN, [one['id'] for one in SERVERS]),
    ('all_tenants=0', ADMIN, OF_A),
    ('all_tenants=1', ALICE, OF_A),
    ('name=server-01', ALICE, [server_id('01')]),
    ('name=0d', ALICE, [server_id('0d')]),
    ('name=', ALICE, OF_A),
    ('name=%D0%B6', ALICE, []),
    ('name=server-02', ALICE, []),
    ('limit=2', ALICE, OF_A[:2]),
    ('limit=0', ALICE, OF_A),
    ('limit=999999999', ALICE, OF_A),
    (f'marker={OF_A[2]}', ALICE, OF_A[3:]),
    (f'marker={OF_A[2]}&limit=2', ALICE, OF_A[3:5]),
    (f'marker={OF_A[-1]}', ALICE, []),
    ('unknown=1', ALICE, OF_A),
]


@pytest.mark.parametrize(('query', 'token', 'expected'), LISTED)
@pytest.mark.parametrize('path', ['/v2.1/servers', '/v2.1/servers/detail'])
def test_list(application, path, query, token, expected):
    """The project's servers in the order of the file, optionally in pages."""
    assert ids(ask(application, f'{path}?{query}', token=token)) == expected


@pytest.mark.parametrize(
    ('query', 'message'),
    [
        ('limit=-1', 'limit must be a number'),
        ('limit=x', 'limit must be a number'),
        ('limit=', 'limit must be a number'),
        ('limit=%D9%A1', 'limit must be a number'),
        ('limit=1e1', 'limit must be a number'),
        ('limit=' + '9' * 5000, 'limit must be a number'),
        ('marker=x', 'marker [x] not found'),
        (f'marker={OF_B[0]}', f'marker [{OF_B[0]}] not found'),
        ('name=%ff', 'The query is not UTF-8'),
        ('%ff', 'The query is not UTF-8'),
    ],
)
def test_query_that_is_refused(application, query, message):
    """An invalid query is answered 400."""
    response = ask(application, f'/v2.1/servers?{query}', token=ALICE)
    assert response.status_int == 400
    assert fault(response) == ('badRequest', message)


def test_longest_page(deployment):
    """The length of a page is limited."""
    servers = [server(f'{number:x}') for number in range(app.MAX_LISTED + 1)]
    deployment.write_inventory(servers)
    application = deploy.load_app(deployment.conf())
    for query in ('', '?limit=2000'):
        listed = ids(ask(application, f'/v2.1/servers{query}', token=ALICE))
        assert len(listed) == app.MAX_LISTED
    rest = ids(ask(application, f'/v2.1/servers?marker={listed[-1]}', token=ALICE))
    assert rest == [servers[-1]['id']]


def test_brief_and_full(application):
    """As clients of Nova read them."""
    href = f'http://localhost/v2.1/servers/{server_id("05")}'
    brief = {
        'id': server_id('05'),
        'name': 'server-05',
        'links': [{'rel': 'self', 'href': href}],
    }
    full = {
        **brief,
        'status': 'ACTIVE',
        'tenant_id': PROJECT_A,
        'user_id': 'alice',
        'metadata': {},
        'addresses': {},
        'OS-EXT-STS:vm_state': 'active',
        'OS-EXT-STS:task_state': 'deleting',
        'OS-EXT-STS:power_state': 1,
    }
    query = '?name=server-05'
    listed = ask(application, f'/v2.1/servers{query}', token=ALICE)
    assert listed.json == {'servers': [brief]}
    detailed = ask(application, f'/v2.1/servers/detail{query}', token=ALICE)
    assert detailed.json == {'servers': [full]}
    shown = ask(application, f'/v2.1/servers/{server_id("05")}', token=ALICE)
    assert shown.json == {'server': full}
    # Only administrators see the host.
    shown = ask(application, f'/v2.1/servers/{server_id("05")}', token=ADMIN)
    assert shown.json == {'server': {**full, 'OS-EXT-SRV-ATTR:host': 'compute-1'}}


@pytest.mark.parametrize(
    ('vm_state', 'status'),
    [
        ('active', 'ACTIVE'),
        ('building', 'BUILD'),
        ('stopped', 'SHUTOFF'),
        ('rescued', 'RESCUE'),
        ('resized', 'VERIFY_RESIZE'),
        ('soft-delete', 'SOFT_DELETED'),
        ('error', 'ERROR'),
        ('shelved_offloaded', 'SHELVED_OFFLOADED'),
        ('suspended', 'SUSPENDED'),
    ],
)
def test_status(deployment, vm_state, status):
    """The status that users see for a state."""
    deployment.write_inventory([server('01', vm_state=vm_state)])
    application = deploy.load_app(deployment.conf())
    shown = ask(application, f'/v2.1/servers/{server_id("01")}', token=ALICE)
    assert shown.json['server']['status'] == status


@pytest.mark.parametrize(
    ('path', 'token', 'status'),
    [
        (f'/v2.1/servers/{server_id("02")}', ALICE, 404),
        (f'/v2.1/servers/{server_id("02")}', ADMIN, 200),
        (f'/v2.1/servers/{server_id("ff")}', ADMIN, 404),
        ('/v2.1/servers/no-uuid', ALICE, 404),
        (f'/v2.1/{PROJECT_A}/servers', ALICE, 200),
        (f'/v2.1/{PROJECT_B}/servers', ALICE, 400),
        (f'/v2/{PROJECT_A}/servers/detail', ALICE, 200),
        ('/v2.1/servers', SYSTEM, 403),
        (f'/v2.1/servers/{server_id("01")}', SYSTEM, 403),
        ('/v2.1/flavors', ALICE, 404),
        ('/v2.1/servers/', ALICE, 404),
    ],
)
def test_who_may_see_what(application, path, token, status):
    """The server does not exist, is of another project, or the scope is wrong."""
    assert ask(application, path, token=token).status_int == status


@pytest.mark.parametrize(
    ('version', 'body', 'status', 'message'),
    [
        ('2.1', {'os-stop': None}, 400, 'There is no such action: os-stop'),
        ('2.5', {'os-stop': None}, 400, 'There is no such action: os-stop'),
        ('2.1', {}, 400, 'Malformed request body'),
        (
            '2.100',
            SERIAL,
            406,
            'Version 2.100 is not supported by the API. Minimum is 2.1 and maximum is '
            '2.99.',
        ),
    ],
)
def test_actions_that_no_extension_has(application, version, body, status, message):
    """Unknown actions are refused after all extensions."""
    response = ask(
        application,
        f'/v2.1/servers/{server_id("01")}/action',
        body,
        token=ALICE,
        headers={'OpenStack-API-Version': f'compute {version}'},
    )
    assert response.status_int == status
    assert fault(response)[1] == message
    assert response.headers['OpenStack-API-Version'] == f'compute {version}'


def test_action_at_a_version_without_it(deployment):
    """The stand-alone API answers 404, as Nova does."""
    supported = app.microversions.Range.parse('2.1', '2.104')
    application = app.build_app(deployment.conf(), supported)
    response = ask(
        application,
        f'/servers/{server_id("01")}/action',
        SERIAL,
        token=ALICE,
        headers={'OpenStack-API-Version': 'compute latest'},
    )
    assert fault(response) == ('itemNotFound', 'The resource could not be found.')
    assert response.headers['OpenStack-API-Version'] == 'compute 2.104'


def test_factory(deployment):
    """The factory that PasteDeploy calls."""
    application = app.factory({}, config_files=str(deployment.config_file))
    assert ids(ask(application, '/servers', token=BOB)) == OF_B


class Other(LookUp):
    """A look-up of another package, which cannot list servers."""

    def __init__(self, conf, application):
        pass

    def get(self, context, server_id):
        raise NotImplementedError


def test_another_look_up(deployment, monkeypatch):
    """It would be ignored, because the inventory has the servers."""
    deployment.configure(api={'servers': 'upstream'})
    with pytest.raises(exceptions.ConfigurationError, match='only as a filter'):
        app.build_app(deployment.conf())
    monkeypatch.setattr('console_ext.servers.upstream.UpstreamLookUp', Other)
    with pytest.raises(exceptions.ConfigurationError, match='servers = upstream: '):
        app.build_app(deployment.conf())


def test_rules():
    """They have Nova's names, so an operator's policy file applies."""
    assert {rule.name: rule.check_str for rule in app.policies()} == {
        'os_compute_api:servers:index': 'rule:project_reader_or_admin',
        'os_compute_api:servers:detail': 'rule:project_reader_or_admin',
        'os_compute_api:servers:show': 'rule:project_reader_or_admin',
    }


NOUN_FAULTS = [
    ('2.5', b'{', 400, 'Malformed request body'),
    ('2.5', {}, 404, 'The resource could not be found.'),
    ('2.1', {'screen': {'kind': 'small'}}, 404, 'The resource could not be found.'),
    ('2.9', [], 400, "[] is not of type 'object'"),
    ('2.9', {}, 400, "'screen' is a required property"),
    (
        '2.105',
        {},
        406,
        'Version 2.105 is not supported by the API. Minimum is 2.1 and maximum is '
        '2.104.',
    ),
]


@pytest.fixture
def with_resources(deployment, monkeypatch):
    """The stand-alone API with Nova's microversions and an extension with resources."""
    conf = deployment.conf()
    monkeypatch.setattr(
        app.loader, 'load', lambda conf, rules: resource_extension.load(conf)[1]
    )
    return app.build_app(conf, app.microversions.Range.parse('2.1', '2.104'))


@pytest.mark.parametrize(('version', 'body', 'status', 'message'), NOUN_FAULTS)
def test_resource_that_is_refused(with_resources, version, body, status, message):
    """Without a wrapped API, the stand-alone API answers."""
    response = ask(
        with_resources,
        f'/servers/{server_id("01")}/screens',
        body,
        token=ALICE,
        headers={'OpenStack-API-Version': f'compute {version}'},
    )
    assert response.status_int == status
    assert fault(response)[1] == message
    assert response.headers['OpenStack-API-Version'] == f'compute {version}'


def test_resource_that_no_other_api_takes(with_resources):
    """What would be left to a wrapped API is answered by the method, or refused."""
    at_latest = {'OpenStack-API-Version': 'compute latest'}
    response = ask(
        with_resources,
        f'/servers/{server_id("01")}/screens',
        {'screen': {'kind': 'theirs'}},
        token=ALICE,
        headers=at_latest,
    )
    assert response.json == {'screen': 'ours'}
    assert response.headers['OpenStack-API-Version'] == 'compute 2.104'
    response = ask(with_resources, '/keys/x', token=ADMIN, headers=at_latest)
    assert fault(response) == ('itemNotFound', 'Instance x could not be found.')
    assert response.headers['OpenStack-API-Version'] == 'compute 2.104'


@pytest.mark.parametrize(
    ('method', 'path'),
    [
        ('GET', f'/servers/{server_id("01")}/screens'),
        ('PUT', f'/servers/{server_id("01")}/screens'),
        ('HEAD', f'/servers/{server_id("01")}/screens'),
        ('POST', f'/servers/{server_id("01")}/screens/'),
        ('GET', '/keys'),
        ('DELETE', '/keys/x'),
    ],
)
def test_resource_by_another_method(with_resources, method, path):
    """The answer is 404 without JSON and version headers, as from Nova's router."""
    headers = {'OpenStack-API-Version': 'compute 2.99'}
    response = ask(with_resources, path, token=ADMIN, method=method, headers=headers)
    assert response.status_int == 404
    assert 'json' not in response.content_type
    assert 'OpenStack-API-Version' not in response.headers
