# SPDX-License-Identifier: Apache-2.0
"""Any input from a client gets an answer in JSON, and never a status 500."""

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console_ext.standalone import deploy
from console_ext.wsgi.filter import build_filter
from console_ext.wsgi.request import MAX_JSON_DEPTH
from tests.parts.deployment import PROJECT_A, Deployment, server, server_id
from tests.parts.wsgi_client import ALICE, SERIAL, ask, build, chunked, fault
from tests.unit.wsgi.resource_extension import MAX_BODY_BYTES, Wrapped

ACTION = f'/v2.1/servers/{server_id("01")}/action'

# The server has no host, so no request reaches the message bus.
SERVERS = [server('01', host=None)]

a_few = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.text(max_size=20), children, max_size=4)
    ),
    max_leaves=20,
)
ACTIONS = st.sampled_from(['os-getSerialConsole', 'os-getSPICEConsole', 'os-stop'])
BODIES = (
    st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(ACTIONS, JSON, max_size=2).map(lambda v: json.dumps(v).encode())
)
HEADER = st.text(st.characters(max_codepoint=255, exclude_characters='\r\n'))
READ = st.sampled_from(
    [
        'HTTP_ACCEPT',
        'HTTP_OPENSTACK_API_VERSION',
        'HTTP_X_OPENSTACK_NOVA_API_VERSION',
        'HTTP_X_AUTH_TOKEN',
        'HTTP_X_OPENSTACK_REQUEST_ID',
        'HTTP_HOST',
        'HTTP_ORIGIN',
        'HTTP_COOKIE',
        'HTTP_TRANSFER_ENCODING',
        'HTTP_X_FORWARDED_FOR',
        'CONTENT_TYPE',
        'CONTENT_LENGTH',
        'QUERY_STRING',
    ]
)
VERSIONS = st.from_regex(r'\A(compute )?[0-9]{0,3}\.?[0-9]{0,12}\Z')
SEGMENTS = st.sampled_from(
    ['v2', 'v2.1', PROJECT_A, 'servers', 'detail', 'action', server_id('01'), '']
) | st.binary(max_size=8).map(lambda part: part.decode('latin-1'))
PATHS = st.lists(SEGMENTS, max_size=6).map(lambda parts: '/' + '/'.join(parts))
METHODS = st.sampled_from(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'X'])


@pytest.fixture(scope='module')
def conf(tmp_path_factory):
    deployment = Deployment(tmp_path_factory.mktemp('any'))
    deployment.write_inventory(SERVERS)
    return deployment.configure(inventory={'check_interval': 3600}).conf()


@pytest.fixture(scope='module')
def pipeline(conf):
    return deploy.load_app(conf)


@pytest.fixture(scope='module')
def filtered(conf):
    """The filter, before an application that answers 299 and the length of the body."""

    def behind(environ, start_response):
        length = len(environ['wsgi.input'].read())
        start_response('299 Behind', [('Content-Type', 'text/plain')])
        return [str(length).encode()]

    return build_filter(conf, behind)


def assert_orderly(response):
    assert response.status_int < 500
    if response.status_int >= 400 and response.body:
        if 'json' in response.content_type:
            assert fault(response)
        else:
            # Unknown paths are answered like by Nova's router.
            assert response.status_int == 404
            assert response.text.startswith('404 Not Found')


@a_few
@given(body=BODIES)
def test_bodies(pipeline, filtered, body):
    """Any bytes, any JSON, and JSON that is almost valid."""
    response = ask(pipeline, ACTION, body, token=ALICE)
    assert_orderly(response)
    assert response.status_int in (400, 409)
    assert fault(response)
    path = ACTION.removeprefix('/v2.1')
    response = ask(filtered, path, body, token=ALICE)
    assert response.status_int in (299, 400, 409)
    if response.status_int == 299:
        assert response.body == str(len(body)).encode()


@a_few
@given(body=BODIES)
def test_chunked_bodies(pipeline, filtered, body):
    """The same without a length."""
    response = ask(pipeline, ACTION, method='POST', token=ALICE, environ=chunked(body))
    assert response.status_int in (400, 409)
    response = ask(
        filtered,
        ACTION.removeprefix('/v2.1'),
        method='POST',
        token=ALICE,
        environ=chunked(body),
    )
    assert response.status_int in (299, 400, 409)
    if response.status_int == 299:
        assert response.body == str(len(body)).encode()


@a_few
@given(
    body=st.binary(max_size=200)
    | st.just(b' ' * (MAX_BODY_BYTES + 1))
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(
        st.sampled_from(['kind', 'x']),
        JSON | st.sampled_from(['small', 'large', 'theirs']),
    ).map(lambda screen: json.dumps({'screen': screen}).encode()),
    version=VERSIONS
    | st.sampled_from(['compute 2.5', 'compute 2.9', 'compute latest']),
)
def test_bodies_of_a_resource(conf, body, version):
    """Bodies are answered, refused, or passed on completely."""
    wrapped = Wrapped(conf)
    response = ask(
        wrapped.filter,
        f'/servers/{server_id("01")}/screens',
        body,
        token=ALICE,
        headers={'OpenStack-API-Version': version},
    )
    too_large = (413,) if len(body) > MAX_BODY_BYTES else ()
    assert response.status_int in (200, 299, 400, 403, 404, 406, *too_large)
    if response.status_int == 299:
        assert wrapped.behind.bodies == [body]
    else:
        assert wrapped.behind.bodies == []


@a_few
@given(
    values=st.dictionaries(READ, HEADER | VERSIONS, max_size=4),
    body=st.just(json.dumps(SERIAL).encode()) | BODIES,
)
def test_headers(pipeline, filtered, values, body):
    """Each header that is read here, with any value that a web server accepts."""
    for application, path in ((pipeline, ACTION), (filtered, ACTION[5:])):
        request = build(path, body, token=ALICE)
        request.environ['wsgi.input'] = io.BytesIO(body)
        request.environ.update(values)
        assert_orderly(request.get_response(application))


@a_few
@given(path=PATHS, method=METHODS, query=HEADER)
def test_paths(pipeline, filtered, path, method, query):
    """Any bytes as path, any method, any query."""
    for application in (pipeline, filtered):
        request = build('/', method=method, token=ALICE)
        request.environ.update(PATH_INFO=path, QUERY_STRING=query)
        assert_orderly(request.get_response(application))


@a_few
@given(
    depth=st.integers(MAX_JSON_DEPTH - 3, MAX_JSON_DEPTH + 3),
    shapes=st.lists(st.sampled_from(['[]', '{}']), min_size=1, max_size=5),
)
def test_depth(pipeline, depth, shapes):
    """Nesting up to the limit is accepted; beyond it, the body is malformed."""
    body = '{}'
    for number in range(depth - 2):
        shape = shapes[number % len(shapes)]
        body = f'[{body}]' if shape == '[]' else f'{{"a": {body}}}'
    response = ask(pipeline, ACTION, f'{{"os-x": {body}}}'.encode(), token=ALICE)
    expected = (
        'There is no such action: os-x'
        if depth <= MAX_JSON_DEPTH
        else 'Malformed request body'
    )
    assert fault(response) == ('badRequest', expected)


@a_few
@given(query=st.binary(max_size=60).map(lambda text: text.decode('latin-1')))
def test_queries(pipeline, query):
    """Any bytes as the query of a list."""
    for name in ('name', 'limit', 'marker', 'all_tenants'):
        request = build('/v2.1/servers', token=ALICE)
        request.environ['QUERY_STRING'] = f'{name}={query}'
        assert request.get_response(pipeline).status_int in (200, 400)
