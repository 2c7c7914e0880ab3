# SPDX-License-Identifier: Apache-2.0
"""Which requests for a resource are answered, and which are left to the wrapped API."""

import io
import json
import logging
from types import SimpleNamespace

import pytest

from console_ext.wsgi.microversions import Range
from console_ext.wsgi.request import LEGACY_V2
from tests.parts.deployment import PROJECT_A, PROJECT_B, server_id
from tests.parts.wsgi_client import (
    ADMIN,
    ALICE,
    BOB,
    READER,
    ask,
    build,
    chunked,
    fault,
)
from tests.unit.wsgi.resource_extension import MAX_BODY_BYTES, KeysController, Wrapped

SCREENS = f'/servers/{server_id("01")}/screens'
KEY = f'/keys/{KeysController.KNOWN}'
SMALL = {'screen': {'kind': 'small'}}
THEIRS = {'screen': {'kind': 'theirs'}}


@pytest.fixture
def wrapped(deployment):
    return Wrapped(deployment.conf())


def at(version, **more):
    return {'headers': {'OpenStack-API-Version': f'compute {version}'}, **more}


def post(wrapped, body=SMALL, version='2.9', path=SCREENS, token=ALICE, **how):
    return ask(wrapped.filter, path, body, token=token, **at(version), **how)


LEFT = {
    'below its version': (SCREENS, SMALL, at('2.5')),
    'no version': (SCREENS, SMALL, {}),
    'below its version, no JSON': (SCREENS, b'{', at('2.5')),
    'below its version, too large': (SCREENS, b' ' * 2000, at('2.5')),
    'no version at all': (SCREENS, SMALL, at('x')),
    'another service': (
        SCREENS,
        SMALL,
        {'headers': {'OpenStack-API-Version': 'volume 3.50'}},
    ),
    '/v2': (SCREENS, SMALL, at('2.9', environ={LEGACY_V2: True})),
    'declined': (SCREENS, THEIRS, at('2.9')),
    'declined, unfit': (
        SCREENS,
        {'screen': {'kind': 'theirs', 'more': 1}, 'more': 2},
        at('2.9'),
    ),
    'declined at latest': (SCREENS, THEIRS, at('latest')),
    'declined, chunked': (
        SCREENS,
        None,
        at('2.9', method='POST', environ=chunked(json.dumps(THEIRS).encode())),
    ),
    'of a project': (f'/{PROJECT_A}{SCREENS}', THEIRS, at('2.9')),
    'of nobody': (SCREENS, THEIRS, at('2.9', token=None)),
    'another method': (SCREENS, None, at('2.9', method='GET')),
    'another method with a body': (SCREENS, SMALL, at('2.9', method='PUT')),
    'a trailing slash': (f'{SCREENS}/', SMALL, at('2.9')),
    'one of them': (f'{SCREENS}/1', None, at('2.9')),
    'a key below its version': (KEY, None, at('2.30', token=ADMIN)),
    'an unknown key': ('/keys/x', None, at('2.31', token=ADMIN)),
    'an unknown key at latest': ('/keys/x', None, at('latest', token=ADMIN)),
    'the list of keys': ('/keys', None, at('2.99', token=ADMIN)),
}


@pytest.mark.parametrize('case', LEFT)
def test_what_is_left(wrapped, case):
    """The wrapped API gets the request unchanged, with its body and environ."""
    path, body, how = LEFT[case]
    request = build(path, body, **{'token': ALICE, **how})
    sent = request.environ['wsgi.input'].read()
    request.environ['wsgi.input'] = io.BytesIO(sent)
    before = dict(request.environ)
    response = request.get_response(wrapped.filter)
    assert response.status_int == 299
    assert response.json == {'behind': True}
    assert wrapped.behind.bodies == [sent]
    (environ,) = wrapped.behind.environs
    own = {'wsgi.input', 'console_ext.route'} | {
        key for key in environ if key.startswith('webob.')
    }
    changed = {
        key: value
        for key, value in environ.items()
        if key not in own and before.get(key) != value
    }
    # The length of a chunked body is known after reading it.
    assert not changed.keys() - {'CONTENT_LENGTH'}
    assert before.keys() - own <= environ.keys()
    assert wrapped.screens.seen == []


@pytest.mark.parametrize(
    ('how', 'status', 'message'),
    [
        ({'body': b'{'}, 400, 'Malformed request body'),
        ({'body': b'\xff'}, 400, 'Malformed request body'),
        ({'body': b'[' * 500}, 400, 'Malformed request body'),
        ({'body': []}, 400, "[] is not of type 'object'"),
        ({'body': b''}, 400, "None is not of type 'object'"),
        ({'body': b'null'}, 400, "None is not of type 'object'"),
        ({'body': b'1'}, 400, "1 is not of type 'object'"),
        ({'body': {}}, 400, "'screen' is a required property"),
        ({'body': {**SMALL, 'x': 1}}, 400, 'Additional properties are not allowed'),
        ({'body': {'screen': 7}}, 400, 'Invalid input for field/attribute screen.'),
        ({'body': b' ' * (MAX_BODY_BYTES + 1)}, 413, 'Request is too large.'),
        ({'environ': {'CONTENT_TYPE': 'text/html'}}, 415, 'Unsupported Content-Type'),
        ({'token': None}, 401, 'The request you have made requires'),
        ({'path': f'/{PROJECT_B}{SCREENS}'}, 400, 'Malformed request URL'),
        ({'path': '/servers/x/screens'}, 404, 'Instance x could not be found.'),
    ],
    ids=str,
)
def test_what_is_taken_and_refused(wrapped, how, status, message):
    """The wrapped API would answer it without our policy, so it does not get it."""
    response = post(wrapped, **how)
    assert response.status_int == status
    assert fault(response)[1].startswith(message)
    assert response.headers['OpenStack-API-Version'] == 'compute 2.9'
    assert wrapped.behind.environs == []
    assert wrapped.screens.seen == []


def test_predicate_that_fails(wrapped, caplog):
    """In doubt, the request is refused instead of passed on."""
    (operation,) = [
        one for one in wrapped.filter._router.operations() if one.serves is not None
    ]

    def fail(body):
        raise ValueError('undecided')

    object.__setattr__(operation, 'serves', fail)
    assert post(wrapped).status_int == 500
    assert wrapped.behind.environs == []
    assert 'undecided' in caplog.text


def test_what_is_answered(wrapped):
    """By the method, with the server, the body, and version headers."""
    response = post(wrapped, version='2.9')
    assert response.json == {'screen': 'ours'}
    assert response.headers['OpenStack-API-Version'] == 'compute 2.9'
    ((_, server, body),) = wrapped.screens.seen
    assert (server.id, body) == (server_id('01'), SMALL)
    assert wrapped.behind.environs == []


def test_schema_of_the_version(wrapped):
    """The schema of the requested microversion."""
    large = {'screen': {'kind': 'large'}}
    response = post(wrapped, large, '2.8', token=ADMIN)
    assert fault(response) == (
        'badRequest',
        'Invalid input for field/attribute kind. Value: large. '
        "'large' is not one of ['small', 'theirs']",
    )
    assert post(wrapped, large, '2.9', token=ADMIN).status_int == 200
    wrapped.screens.do = dict
    assert post(wrapped, version='2.8').status_int == 500
    assert post(wrapped, version='2.9').status_int == 200


def test_query_schema_of_the_version(wrapped):
    """Without a schema any query is valid; a schema is checked before the policy."""

    def show(version, query, token=ADMIN):
        return ask(wrapped.filter, f'{KEY}?{query}', token=token, **at(version))

    assert show('2.98', 'x=1&x=%ff').json == {'key': 'old'}
    assert show('2.99', '').json == {'key': 'new'}
    refused = show('2.99', 'x=1', ALICE)
    assert fault(refused) == (
        'badRequest',
        "Additional properties are not allowed ('x' was unexpected)",
    )
    assert fault(show('2.99', 'x=%ff'))[1] == 'Query string is not UTF-8 encoded'
    assert show('2.99', '', ALICE).status_int == 403


def test_rule_of_the_body(wrapped):
    """Each kind has its rule; returning an undeclared rule is a bug."""
    large, odd = {'screen': {'kind': 'large'}}, {'screen': {'kind': 'odd'}}
    assert post(wrapped, SMALL, token=ALICE).status_int == 200
    refused = post(wrapped, large, token=ALICE)
    assert fault(refused)[1] == (
        "Policy doesn't allow test:screens:large to be performed."
    )
    assert post(wrapped, large, token=ADMIN).status_int == 200
    assert post(wrapped, odd, token=ADMIN).status_int == 500


def test_server_before_policy(wrapped):
    """A server that the caller cannot see does not exist; the target is its owner."""
    other = f'/servers/{server_id("02")}/screens'
    assert post(wrapped, token=READER).status_int == 403
    assert post(wrapped, path=other, token=ALICE).status_int == 404
    assert post(wrapped, path='/servers/x/screens', token=READER).status_int == 404
    assert post(wrapped, path=other, token=BOB).status_int == 200
    # The rule compares the server's user, who is not the administrator.
    assert post(wrapped, path=other, token=ADMIN).status_int == 403


def test_method_of_the_version(wrapped):
    """Two methods with the same name, and none below their ranges."""
    for version, shown in (('2.31', 'old'), ('2.98', 'old'), ('2.99', 'new')):
        answer = ask(wrapped.filter, KEY, token=ADMIN, **at(version))
        assert answer.json == {'key': shown}
    assert wrapped.behind.environs == []


# The range of the wrapped API.


def test_latest_is_that_of_the_api_behind(wrapped):
    """ "latest" becomes its newest version for schemas, method and headers."""
    answer = ask(wrapped.filter, KEY, token=ADMIN, **at('latest'))
    assert answer.json == {'key': 'new'}
    assert answer.headers['OpenStack-API-Version'] == 'compute 2.104'
    wrapped = Wrapped(wrapped.extension.conf)
    wrapped.behind.document = (
        200,
        {'version': {'version': '2.87', 'min_version': '2.1'}},
    )
    answer = ask(wrapped.filter, KEY, token=ADMIN, **at('latest'))
    assert answer.json == {'key': 'old'}
    assert answer.headers['OpenStack-API-Version'] == 'compute 2.87'
    assert wrapped.behind.asked == 1


def test_latest_of_an_api_that_ends_below(wrapped):
    """The resource does not exist there."""
    wrapped.behind.document = (
        200,
        {'version': {'version': '2.30', 'min_version': '2.1'}},
    )
    answer = ask(wrapped.filter, KEY, token=ADMIN, **at('latest'))
    assert answer.status_int == 299


@pytest.mark.parametrize('version', ['2.105', '3.0'])
def test_open_range_ends_with_the_api_behind(wrapped, version):
    """The answer is 406, as that of the wrapped API."""
    response = post(wrapped, version=version)
    assert response.status_int == 406
    assert fault(response) == (
        'computeFault',
        f'Version {version} is not supported by the API. '
        'Minimum is 2.1 and maximum is 2.104.',
    )
    assert response.headers['OpenStack-API-Version'] == f'compute {version}'
    assert wrapped.behind.environs == []


@pytest.mark.parametrize('version', ['2.9', '2.104', 'latest'])
def test_range_that_is_not_said(wrapped, version):
    """The answer is 503 until it is known: passed on, it would avoid our policy."""
    wrapped.behind.document = (500, {})
    for asked in (1, 2):
        response = post(wrapped, version=version)
        assert fault(response) == (
            'serviceUnavailable',
            'The supported API versions cannot be determined now. Try again later.',
        )
        assert response.headers['Retry-After'] == '10'
        assert wrapped.behind.asked == asked
    assert wrapped.behind.environs == []
    wrapped.behind.document = (
        200,
        {'version': {'version': '2.104', 'min_version': '2.1'}},
    )
    assert post(wrapped, version=version).status_int == 200


@pytest.mark.parametrize('version', ['2.9', '2.104', 'latest'])
def test_range_that_is_not_said_to_requests_of_others(wrapped, version):
    """Requests that no method takes at any version are passed on anyway."""
    wrapped.behind.document = (500, {})
    response = post(wrapped, THEIRS, version)
    assert response.status_int == 299
    assert wrapped.behind.bodies == [json.dumps(THEIRS).encode()]
    for body in (b'{', b' ' * 2000, b''):
        assert post(wrapped, body, version).status_int == 503
    assert ask(wrapped.filter, KEY, token=ADMIN, **at(version)).status_int == (
        299 if version == '2.9' else 503
    )


def test_range_is_not_needed(wrapped):
    """Not for an operation with a bounded range, nor for an unknown one."""
    wrapped.behind.document = (500, {})
    answer = ask(wrapped.filter, KEY, token=ADMIN, **at('2.31'))
    assert answer.json == {'key': 'old'}
    assert ask(wrapped.filter, KEY, token=ADMIN, **at('2.30')).status_int == 299
    assert wrapped.behind.asked == 0


def test_range_that_is_given(deployment):
    """The wrapped API is not asked; versions above the range do not exist."""
    supported = Range.parse('2.1', '2.50')
    wrapped = Wrapped(deployment.conf(), supported)
    answer = ask(wrapped.filter, KEY, token=ADMIN, **at('latest'))
    assert answer.headers['OpenStack-API-Version'] == 'compute 2.50'
    assert ask(wrapped.filter, KEY, token=ADMIN, **at('2.60')).status_int == 406
    assert ask(wrapped.filter, KEY, token=ADMIN, **at('2.30')).status_int == 299
    assert wrapped.behind.asked == 0


def test_request_through_a_nova_without_its_files(wrapped):
    """A request that we would answer is refused; others are passed on to Nova."""
    nova = SimpleNamespace(user_id='a', project_id=PROJECT_A, roles=['admin'])
    through_nova = {'token': None, 'environ': {'nova.context': nova}}
    assert post(wrapped, **through_nova).status_int == 500
    assert post(wrapped, THEIRS, **through_nova).status_int == 299


# Logs.

SECRETS = ['fail' + 'x' * 39, 'ж' * 40, '11111111-2222-4333-8444-555555555555']


@pytest.mark.parametrize(
    'token', [None, ALICE, ADMIN], ids=['nobody', 'member', 'admin']
)
@pytest.mark.parametrize('version', ['2.1', '2.31', '2.99', '2.999', 'latest', 'x'])
@pytest.mark.parametrize('secret', SECRETS)
def test_no_key_in_a_log(wrapped, caplog, secret, version, token):
    """In every case; the route is stored for the log."""
    caplog.set_level(logging.DEBUG)
    request = build(
        '/keys/', token=token, environ={'SCRIPT_NAME': '/v2.1'}, **at(version)
    )
    request.environ['PATH_INFO'] += secret.encode().decode('latin-1')
    request.get_response(wrapped.filter)
    assert request.environ['console_ext.route'] == '/v2.1/keys/{key}'
    assert secret not in caplog.text
    assert repr(secret)[1:-1] not in caplog.text


def test_failure_is_in_the_log_without_the_key(wrapped, caplog):
    """The log has the place and the class of the error."""
    secret = SECRETS[0]
    response = ask(wrapped.filter, f'/keys/{secret}', token=ADMIN, **at('2.31'))
    assert response.status_int == 500
    assert "KeyError: '{key}'" in caplog.text
    assert 'KeysController.show' in caplog.text
    assert secret not in response.text
