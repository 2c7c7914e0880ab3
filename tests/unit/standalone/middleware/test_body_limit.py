# SPDX-License-Identifier: Apache-2.0
"""The limit of request bodies, alone and in the pipeline."""

import io

import pytest

from console_ext.standalone import deploy
from console_ext.standalone.middleware import body_limit
from console_ext.wsgi.responses import json_response
from tests.parts.deployment import server_id
from tests.parts.wsgi_client import ALICE, ask, chunked, fault

LIMIT = 114688
ACTION = f'/v2.1/servers/{server_id("01")}/action'


@pytest.fixture
def pipeline(deployment):
    return deploy.load_app(deployment.conf())


def read_all(environ, start_response):
    """Answers how many bytes it could read."""
    length = len(environ['wsgi.input'].read())
    return json_response(200, {'length': length})(environ, start_response)


def ask_for(length, limit=10, **environ):
    application = body_limit.BodyLimit(read_all, limit)
    environ = {'wsgi.input': io.BytesIO(b'x' * length), **environ}
    return ask(application, '/', method='POST', environ=environ)


def assert_too_large(response, limit=10):
    assert response.status_int == 413
    message = f'Request is too large. Larger than {limit} bytes.'
    assert fault(response) == ('overLimit', message)


@pytest.mark.parametrize('length', [0, 1, 9, 10])
def test_up_to_the_limit(length):
    """A body of exactly the maximum length passes, with and without Content-Length."""
    announced = ask_for(length, CONTENT_LENGTH=str(length))
    assert announced.json == {'length': length}
    for absent in (None, ''):
        response = ask_for(length, CONTENT_LENGTH=absent)
        assert response.json == {'length': length}


def test_beyond_the_limit():
    """It is refused before it is read, or at the first byte beyond the limit."""
    assert_too_large(ask_for(0, CONTENT_LENGTH='11'))
    assert_too_large(ask_for(0, CONTENT_LENGTH='9' * 100))
    assert_too_large(ask_for(11, CONTENT_LENGTH=None))
    assert_too_large(ask_for(11, CONTENT_LENGTH=''))


@pytest.mark.parametrize('length', ['-1', 'x', '1.5', '0x10', '1,1', '\xb2'])
def test_malformed_length(length):
    """An invalid length is refused."""
    response = ask_for(1, CONTENT_LENGTH=length)
    assert response.status_int == 400
    assert fault(response) == ('badRequest', 'Malformed Content-Length')


def test_body_over_the_limit_through_the_pipeline(pipeline):
    """The answer has the fault format, unlike that of Nova's limit."""
    body = b'{"os-x": {}}'.ljust(LIMIT + 1)
    assert_too_large(ask(pipeline, ACTION, body, token=ALICE), LIMIT)
    assert ask(pipeline, ACTION, body[:-1], token=ALICE).status_int == 400


def test_chunked_body_over_the_limit_is_413_through_the_pipeline(pipeline):
    """The limit is reached while reading, behind the filter that catches errors."""
    response = ask(
        pipeline,
        ACTION,
        method='POST',
        token=ALICE,
        environ=chunked(b' ' * (LIMIT + 1)),
    )
    assert_too_large(response, LIMIT)


def test_chunked_body_through_the_pipeline(pipeline):
    """A small one is read as usual."""
    body = chunked(b'{"os-x": {}}')
    response = ask(pipeline, ACTION, method='POST', token=ALICE, environ=body)
    assert fault(response)[1] == 'There is no such action: os-x'


def test_limit_of_the_configuration(deployment):
    """The filter reads the option from the files of its section."""
    deployment.configure(oslo_middleware={'max_request_body_size': 7})
    factory = body_limit.filter_factory({}, config_files=str(deployment.config_file))
    response = ask(factory(read_all), '/', b'12345678')
    assert_too_large(response, limit=7)
