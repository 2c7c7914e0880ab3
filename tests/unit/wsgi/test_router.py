# SPDX-License-Identifier: Apache-2.0
"""Finding the operations of a URL."""

import pytest

from console_ext import wsgi
from console_ext.wsgi.operation import Operation
from console_ext.wsgi.router import Match, Router, Row
from tests.parts.deployment import PROJECT_A
from tests.parts.wsgi_client import build

ACTION = '/servers/{server_id}/action'


class Controller:
    @wsgi.action('os-a')
    @wsgi.api_version('2.1', '2.5')
    @wsgi.authorize('x:a')
    def act(self, request, server, body):
        pass

    @wsgi.authorize('x:index')
    def index(self, request):
        pass

    @wsgi.authorize('x:show')
    def show(self, request, thing_id):
        pass


@pytest.fixture
def operations():
    return {
        name: Operation.compile('an-alias', getattr(Controller(), name), names_server=0)
        for name in ('act', 'index', 'show')
    }


@pytest.fixture
def router(operations):
    router = Router()
    router.connect('GET', '/things', operations['index'])
    router.connect('GET', '/things/{thing_id}', operations['show'])
    router.connect('POST', ACTION, {'os-a': operations['act']})
    return router


MATCHES = [
    ('GET', '/things', 'index', {}),
    ('GET', '/things/7', 'show', {'thing_id': '7'}),
    ('GET', f'/{PROJECT_A}/things', 'index', {'project_id': PROJECT_A}),
    ('GET', '/a-1/things/7', 'show', {'project_id': 'a-1', 'thing_id': '7'}),
    ('POST', '/servers/7/action', 'act', {'server_id': '7'}),
    ('POST', '/-/servers/7/action', 'act', {'project_id': '-', 'server_id': '7'}),
    ('GET', '/things/%D0%B6%E2%82%AC', 'show', {'thing_id': 'ж€'}),
    ('GET', '/things/a%20b%3Fc', 'show', {'thing_id': 'a b?c'}),
    ('GET', '/things/a.json', 'show', {'thing_id': 'a.json'}),
    ('GET', '/things/{thing_id}', 'show', {'thing_id': '{thing_id}'}),
]


@pytest.mark.parametrize(('method', 'path', 'name', 'args'), MATCHES)
def test_match(router, operations, method, path, name, args):
    """With and without project; variables are decoded."""
    match = router.match(build(path, method=method).environ)
    assert match.args == args
    assert match.is_action is (name == 'act')
    assert match.template in ('/things', '/things/{thing_id}', ACTION)
    found = match.operations['os-a'] if match.is_action else match.operations
    assert found is operations[name]


@pytest.mark.parametrize(
    ('method', 'path'),
    [
        ('GET', '/'),
        ('GET', '/thing'),
        ('GET', '/things/'),
        ('GET', '/things/7/'),
        ('GET', '/things/7/8'),
        ('GET', '//things'),
        ('GET', '/things/../things'),
        ('HEAD', '/things'),
        ('POST', '/things'),
        ('GET', '/servers/7/action'),
        ('PUT', '/servers/7/action'),
        ('OPTIONS', '/servers/7/action'),
        ('POST', '/servers/7/action/'),
        ('POST', '/servers/7/action.json'),
        ('POST', '/servers/7/actionx'),
        ('POST', '/servers//action'),
        ('POST', '/servers/7/8/action'),
        ('GET', '/projA/things'),
        ('GET', f'/{PROJECT_A.upper()}/things'),
        ('GET', '/g/things'),
        ('GET', '/a/a/things'),
        ('GET', '/%D9%A1/things'),
        ('GET', '/things/%ff'),
        ('GET', '/things/%C3%28'),
        ('POST', '/servers/%80/action'),
    ],
)
def test_no_match(router, method, path):
    """Another method, a slash too many, a project that is no hex, bytes that are no
    UTF-8."""
    assert router.match(build(path, method=method).environ) is None


def test_empty_path(router):
    """The path of a mount point may be empty."""
    assert router.match({'PATH_INFO': '', 'REQUEST_METHOD': 'GET'}) is None
    assert router.match({'REQUEST_METHOD': 'GET'}) is None


def test_match_leaves_the_environ_alone(router):
    """The request may have to be passed on."""
    environ = build('/things/7').environ
    before = dict(environ)
    assert router.match(environ)
    assert environ == before


def test_empty_router():
    """Without extensions, there are no routes."""
    assert Router().match(build('/things').environ) is None
    assert list(Router().rows()) == []


def test_rows(router):
    """The complete table, a line for each action."""
    assert list(router.rows()) == [
        Row('GET', '/things', None, '2.1–', 'x:index', 'an-alias'),
        Row('GET', '/things/{thing_id}', None, '2.1–', 'x:show', 'an-alias'),
        Row(
            'POST', '/servers/{server_id}/action', 'os-a', '2.1–2.5', 'x:a', 'an-alias'
        ),
    ]


def test_empty_table_of_actions():
    """An empty table is still a table: every action is unknown."""
    assert Match({}, {}).is_action
