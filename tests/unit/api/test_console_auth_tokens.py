# SPDX-License-Identifier: Apache-2.0
"""Administrators read the address of a token's console."""

import logging

import pytest

from console_ext.api.console_auth_tokens import ConsoleAuthTokens
from console_ext.standalone import app
from console_ext.store import load_store
from console_ext.wsgi import filter as wsgi_filter
from tests.parts.deployment import server_id
from tests.parts.stores.factories import authorization, make_database
from tests.parts.wsgi_client import ADMIN, ALICE, READER, ask, fault

TOKEN = 'a-token-of-ours-' + 27 * 'x'
DIRECT = 'a-token-of-ours-' + 27 * 'd'
REVOKED = 'a-token-of-ours-' + 27 * 'r'


@pytest.fixture
def stored(deployment):
    """A deployment with a store, and the store itself."""
    url = make_database(deployment.path / 'store.sqlite')
    conf = deployment.configure(database={'connection': url}).conf()
    store = load_store(conf)
    store.issue(TOKEN, authorization('novnc'), 60)
    store.issue(DIRECT, authorization('spice-direct', tls_port=5901), 60)
    store.issue(REVOKED, authorization(server_id='another'), 60)
    store.revoke('another')
    yield deployment, store
    store.close()


@pytest.fixture
def application(stored):
    application = app.build_app(stored[0].conf())
    yield application
    application.close()


def show(application, console_token=TOKEN, version='2.99', query='', token=ADMIN):
    return ask(
        application,
        f'/os-console-auth-tokens/{console_token}{query}',
        headers={'OpenStack-API-Version': f'compute {version}'},
        token=token,
    )


SHOWN = {
    'instance_uuid': server_id('01'),
    'host': '127.0.0.1',
    'port': 1,
    'internal_access_path': None,
}


@pytest.mark.parametrize('version', ['2.31', '2.98', '2.99', 'latest'])
@pytest.mark.parametrize('token', [TOKEN, DIRECT])
def test_show(application, version, token):
    """The TLS port is only shown since 2.99, and only for ``spice-direct``."""
    response = show(application, token, version)
    assert response.status_int == 200
    with_tls_port = token == DIRECT and version in ('2.99', 'latest')
    more = {'tls_port': 5901} if with_tls_port else {}
    assert response.json == {'console': {**SHOWN, **more}}


def test_it_redeems_nothing(application, stored):
    """Reading does not redeem: it is possible before and after the session opens."""
    store = stored[1]
    assert show(application).status_int == 200
    store.redeem(TOKEN, 'novnc', '192.0.2.7')
    assert show(application).status_int == 200


@pytest.mark.parametrize('token', [REVOKED, 'x', TOKEN.upper(), 5000 * 'x', '%ff'])
def test_unknown_token(application, token):
    """The token is unknown, or has expired."""
    response = show(application, token)
    assert response.status_int == 404
    if token != '%ff':
        assert fault(response) == ('itemNotFound', 'Token not found')


@pytest.mark.parametrize('token', [ALICE, READER, None])
def test_who(application, token):
    """Others than administrators do not learn whether a token exists."""
    status = 401 if token is None else 403
    assert show(application, token=token).status_int == status
    assert show(application, 'unknown', token=token).status_int == status


@pytest.mark.parametrize(('version', 'status'), [('2.98', 200), ('2.99', 400)])
def test_query(application, version, status):
    """Any query is valid before 2.99; then none."""
    response = show(application, version=version, query='?x=1')
    assert response.status_int == status


@pytest.mark.parametrize('version', ['2.1', '2.30'])
def test_earlier_versions(application, version):
    """Nova answers 400, with the text of WebOb."""
    response = show(application, version=version)
    assert response.status_int == 400


def test_token_is_in_no_log(application, caplog):
    """The request log has the template of the path instead of the token."""
    caplog.set_level(logging.DEBUG)
    show(application)
    show(application, 'unknown-token-of-somebody')
    assert TOKEN not in caplog.text
    assert 'unknown-token-of-somebody' not in caplog.text


@pytest.fixture
def behind():
    """A wrapped API that knows every token."""

    def api(environ, start_response):
        start_response('299 Theirs', [('Content-Type', 'text/plain')])
        return [b'']

    return api


@pytest.mark.parametrize(
    ('token', 'version', 'status'),
    [
        (TOKEN, '2.31', 200),
        ('theirs', '2.31', 299),
        (REVOKED, '2.31', 299),
        (TOKEN, '2.30', 299),
        (TOKEN, '2.1', 299),
    ],
)
def test_in_a_filter(stored, behind, token, version, status):
    """Unknown tokens are left to the wrapped API, whose proxies may know them."""
    supported = app.microversions.Range.parse('2.1', '2.104')
    filtered = wsgi_filter.build_filter(stored[0].conf(), behind, supported=supported)
    assert show(filtered, token, version).status_int == status
    filtered.close()


def test_without_a_store(deployment, behind):
    """The wrapped API answers all requests, but the policy is checked first."""
    supported = app.microversions.Range.parse('2.1', '2.104')
    filtered = wsgi_filter.build_filter(deployment.conf(), behind, supported=supported)
    assert show(filtered).status_int == 299
    assert show(filtered, token=ALICE).status_int == 403
    filtered.close()


def test_extension(deployment):
    """Configurations and clients depend on its names."""
    extension = ConsoleAuthTokens(deployment.conf())
    assert (extension.alias, extension.name) == (
        'os-console-auth-tokens',
        'ConsoleAuthTokens',
    )
    (resource,) = extension.get_resources()
    assert resource.collection == 'os-console-auth-tokens'
    assert len(list(extension.get_policies())) == 1
    extension.close()
