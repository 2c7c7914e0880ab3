# SPDX-License-Identifier: Apache-2.0
"""Request ids."""

import pytest
from oslo_context import context as oslo_context

from console_ext.standalone.middleware import request_id
from console_ext.wsgi.responses import json_response
from tests.parts.wsgi_client import ask

NAMES = ('openstack.request_id', 'openstack.global_request_id')


def behind(environ, start_response):
    """Answers with the ids that it sees."""
    seen = [environ.get(name) for name in NAMES]
    seen.append(oslo_context.get_current().request_id)
    return json_response(200, seen)(environ, start_response)


@pytest.fixture
def application():
    return request_id.filter_factory({})(behind)


def test_new_one_for_each_request(application):
    """It is in the environ, in the thread's context, and in two headers."""
    responses = [ask(application, '/') for _ in range(2)]
    for response in responses:
        found = response.headers['x-openstack-request-id']
        assert found.startswith('req-')
        assert response.headers['x-compute-request-id'] == found
        assert response.json == [found, None, found]
    assert responses[0].json != responses[1].json


SENT = 'req-11111111-2222-4333-8444-555555555555'


@pytest.mark.parametrize(
    ('sent', 'taken'),
    [
        (SENT, True),
        ('', False),
        ('req-nonsense', False),
        ('forged', False),
        (SENT + '0', False),
        ('x' + SENT, False),
    ],
)
def test_client_s_own(application, sent, taken):
    """A valid id of the client is kept in addition to ours."""
    response = ask(application, '/', headers={'X-OpenStack-Request-ID': sent})
    assert response.json[1] == (sent if taken else None)
    assert response.headers['x-openstack-request-id'] != sent
