# SPDX-License-Identifier: Apache-2.0
"""The log line of each request."""

import logging
import re

import pytest

from console_ext.standalone.middleware import request_log
from console_ext.wsgi.responses import json_response
from tests.parts.wsgi_client import SERIAL, ask


@pytest.fixture
def log(caplog):
    """Return the single line of a request."""
    caplog.set_level(logging.INFO, request_log.LOG.name)

    def log(path, body=None, answer=None, **how):
        caplog.clear()
        answer = answer or json_response(202, {'a': 'body'})
        application = request_log.filter_factory({})(answer)
        response = ask(application, path, body, **how)
        assert response.status_int == answer.status_int
        (message,) = caplog.messages
        assert message.isascii()
        assert message.isprintable()
        return message

    return log


def test_line(log):
    """User, request, status, length, version, and duration in seconds."""
    answer = json_response(202, {})
    answer.headers['OpenStack-API-Version'] = 'compute 2.5'
    line = log('/v2.1/servers', answer=answer)
    line, seconds = line.rsplit(' ', 1)
    assert line == (
        '127.0.0.1 "GET /v2.1/servers" status: 202 len: 2 microversion: 2.5 time:'
    )
    assert re.fullmatch(r'0\.\d{6}', seconds)


def test_what_is_not_known(log):
    """A dash stands for each unknown value."""
    answer = json_response(202, {})
    del answer.headers['Content-Length']
    line = log('/', answer=answer, environ={'REMOTE_ADDR': None})
    assert line.startswith('- "GET /" status: 202 len: - microversion: - time: ')


def test_no_secrets(log):
    """Query, body and token of request and response are not logged."""
    answer = json_response(200, {'url': 'ws://h/?token=secret-1'})
    line = log(
        '/a?token=secret-2',
        {'secret-3': SERIAL},
        answer,
        headers={'X-Auth-Token': 'secret-4', 'Cookie': 'token=secret-5'},
    )
    assert 'secret' not in line


@pytest.mark.parametrize(
    ('path', 'shown'),
    [
        ('/a%0Ab%0D%00', '/a%0Ab%0D%00'),
        ('/a%22%20status:%20200', '/a%22%20status%3A%20200'),
        ('/%1b[31m', '/%1B%5B31m'),
        ('/%ff%D0%B6', '/%FF%D0%B6'),
        ('/%25s%25d', '/%25s%25d'),
    ],
)
def test_no_path_forges_a_line(log, path, shown):
    """Line ends, quotes, escapes and format characters are quoted."""
    assert f'"GET {shown}" status: 202 ' in log(path)


def test_no_method_forges_a_line(log):
    """A web server may pass on any text as method."""
    line = log('/', environ={'REQUEST_METHOD': 'GET "\n'})
    assert '"GET%20%22%0A /" ' in line


def test_path_is_that_of_the_client(log):
    """The client's path, not the rest after the mount point."""

    class Mounting:
        status_int = 202

        def __call__(self, environ, start_response):
            environ['SCRIPT_NAME'] = '/v2.1'
            environ['PATH_INFO'] = '/moved'
            return json_response(202, {})(environ, start_response)

    assert '"GET /mount/a" ' in log(
        '/a', answer=Mounting(), environ={'SCRIPT_NAME': '/mount'}
    )


TOKENS = [
    '11111111-2222-4333-8444-555555555555',
    'Vb4gq-1xXJ0cTq9m_3Zz5kq8b6yQ2nq0o5s7w1e4r2A',
    '%D0%B6' * 20,
    'a' * 100,
]


@pytest.mark.parametrize('token', TOKENS)
@pytest.mark.parametrize(
    ('path', 'shown'),
    [
        ('/v2.1/keys/{}', '/v2.1/keys/{{id}}'),
        ('/v2.1/keys/{}/', '/v2.1/keys/{{id}}/'),
        ('/v2.1/keys//{}', '/v2.1/keys//{{id}}'),
        ('/keys/{}/more', '/keys/{{id}}/more'),
        ('/v2/abc/keys/{}', '/v2/abc/keys/{{id}}'),
        ('/v2.1/servers/1/keys/{}', '/v2.1/servers/1/keys/{{id}}'),
    ],
)
def test_path_that_no_route_was_found_for(log, path, shown, token):
    """An unknown or refused path may contain a token at its end."""
    assert f'"GET {shown.format()}" status: 202 ' in log(path.format(token))


PROJECT = 'aaaaaaaa00004000800000000000000a'


@pytest.mark.parametrize(
    'path',
    [
        f'/v2.1/servers/{TOKENS[0]}/action',
        f'/v2.1/{PROJECT}/servers/{TOKENS[0]}',
        f'/v2/{PROJECT}/servers/detail',
        f'/{PROJECT}/servers/{TOKENS[0]}',
        '/v2.1/os-console-auth-tokens/abc',
        '/v2.1/servers/1/os-a-resource-with-a-very-long-name',
    ],
)
def test_ids_that_are_no_secrets(log, path):
    """Ids of projects and servers are logged, because operators search for them."""
    assert f'"GET {path}" status: 202 ' in log(path)


def test_route_that_was_found(log):
    """The path template that the API stores in the environ."""

    class Routing:
        status_int = 202

        def __call__(self, environ, start_response):
            environ['console_ext.route'] = '/v2.1/keys/{key}'
            return json_response(202, {})(environ, start_response)

    line = log('/v2.1/keys/short', answer=Routing())
    assert '"GET /v2.1/keys/{key}" status: 202 ' in line


def test_silent_where_nobody_listens(caplog):
    """If the log level is higher, the filter has no effect."""
    caplog.set_level(logging.WARNING, request_log.LOG.name)
    application = request_log.RequestLog(json_response(202, {}))
    assert ask(application, '/').status_int == 202
    assert caplog.messages == []
