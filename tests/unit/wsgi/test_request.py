# SPDX-License-Identifier: Apache-2.0
"""Parsing requests."""

import io

import pytest

from console_ext import exceptions
from console_ext.wsgi import resource
from console_ext.wsgi.request import MAX_JSON_DEPTH, Request
from tests.parts.wsgi_client import build, chunked, fault

DEEP = MAX_JSON_DEPTH - 1


@pytest.mark.parametrize(
    'body',
    [
        b'',
        b' ',
        b'{',
        b'hello',
        b'null',
        b'true',
        b'3',
        b'"os-act"',
        b'[]',
        b'["os-act"]',
        b'{}',
        b'{"os-act": {}, "os-act2": {}}',
        b'{"os-act": {}, "extra": 1}',
        b'{"os-act": {}} {}',
        b'\xff\xfe',
        b'{"os-act": "\xff"}',
        b'\xef\xbb\xbf{"os-act": {}}',
        '{"os-act": {}}'.encode('utf-16'),
        b'{"os-act": ' + b'9' * 5000 + b'}',
        b'{"os-act": ' + b'[' * MAX_JSON_DEPTH + b']' * MAX_JSON_DEPTH + b'}',
        b'{"os-act": ' + b'{"a":' * DEEP + b'{}' + b'}' * DEEP + b'}',
        b'[' * 100000,
        b'{"a":' * 20000,
    ],
    ids=lambda body: repr(body[:30]),
)
def test_malformed_bodies(host, body):
    """A body must be UTF-8, JSON, an object with one key, within the depth limit."""
    response = host.ask(body=body)
    assert response.status_int == 400
    assert fault(response) == ('badRequest', 'Malformed request body')


@pytest.mark.parametrize('shape', [('[', ']'), ('{"a":', '}')])
def test_depth_just_under_the_limit(shape):
    """The limit counts the outermost object."""
    opening, closing = shape
    inner = opening * (DEEP - 1) + '[]' + closing * (DEEP - 1)
    environ = build('/', f'{{"os-x": {inner}}}'.encode()).environ
    with pytest.raises(exceptions.NoSuchAction):
        resource.select(Request(environ), {}, None)


def test_body_that_ends_early_is_malformed():
    """A client that disconnects while sending is not an unexpected error."""
    environ = build('/', {'os-stop': {}}).environ
    environ['CONTENT_LENGTH'] = '1000'
    environ['wsgi.input'] = io.BytesIO(b'{"os-stop": {}}')
    with pytest.raises(exceptions.MalformedBody):
        resource.select(Request(environ), {}, None)


def test_last_of_two_keys_of_one_name_wins(host):
    """As in Nova."""
    assert host.ask(body=b'{"os-act": 1, "os-act": {}}').status_int == 200


def test_chunked_body(host):
    """No length is needed if the web server marks the end of the input."""
    response = host.ask(environ=chunked(b'{"os-act": {}}'))
    assert response.status_int == 200


@pytest.mark.parametrize(
    ('content_type', 'status'),
    [
        (None, 200),
        ('', 200),
        ('text/plain', 200),
        ('application/json', 200),
        ('application/json; charset=utf-8', 200),
        ('application/vnd.openstack.compute+json', 200),
        ('application/JSON', 415),
        ('application/xml', 415),
        ('application/x-www-form-urlencoded', 415),
        ('multipart/form-data; boundary=x', 415),
        ('application/json-patch+json', 415),
        ('nonsense', 415),
    ],
)
def test_content_types(host, content_type, status):
    """The same types as in Nova; without a type, it is JSON."""
    response = host.ask(environ={'CONTENT_TYPE': content_type})
    assert response.status_int == status
    if status == 415:
        assert fault(response) == ('badMediaType', 'Unsupported Content-Type')


def test_methods_without_a_body_have_no_content_type(host):
    """The type of a GET or DELETE is ignored."""
    how = {'environ': {'CONTENT_TYPE': 'text/html'}}
    assert host.ask('index', method='GET', **how).status_int == 202
    deleted = host.ask('delete', method='DELETE', args={'thing_id': '7'}, **how)
    assert deleted.status_int == 200
