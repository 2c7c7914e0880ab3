# SPDX-License-Identifier: Apache-2.0
"""Version documents, and the applications mounted below them."""

import pytest

from console_ext.standalone.middleware import versions
from console_ext.wsgi.request import LEGACY_V2
from console_ext.wsgi.responses import json_response
from tests.parts.deployment import PROJECT_A
from tests.parts.wsgi_client import ask

HOST = 'http://localhost'
V2 = {'id': 'v2.0', 'status': 'DEPRECATED', 'version': '', 'min_version': ''}
V21 = {'id': 'v2.1', 'status': 'CURRENT', 'version': '2.99', 'min_version': '2.1'}
MEDIA = {
    mount: {
        'base': 'application/json',
        'type': f'application/vnd.openstack.compute+json;version={mount[2:]}',
    }
    for mount in ('/v2', '/v2.1')
}


def behind(environ, start_response):
    """Answers with the path that it gets."""
    seen = [environ['SCRIPT_NAME'], environ['PATH_INFO'], environ.get(LEGACY_V2, False)]
    return json_response(299, seen)(environ, start_response)


@pytest.fixture
def application():
    return versions.filter_factory({})(behind)


@pytest.mark.parametrize('method', ['GET', 'HEAD', 'POST'])
@pytest.mark.parametrize('path', ['/', ''])
def test_list(application, path, method):
    """All versions, whatever the identity and the method."""
    response = ask(application, '/', method=method, environ={'PATH_INFO': path})
    assert response.status_int == 200
    if method != 'HEAD':
        assert response.json == {
            'versions': [
                {
                    **version,
                    'updated': '2013-07-23T11:33:21Z',
                    'links': [{'rel': 'self', 'href': f'{HOST}{mount}/'}],
                }
                for mount, version in (('/v2', V2), ('/v2.1', V21))
            ]
        }


@pytest.mark.parametrize(('mount', 'version'), [('/v2', V2), ('/v2.1', V21)])
@pytest.mark.parametrize('rest', ['', '/', f'/{PROJECT_A}', f'/{PROJECT_A}/', '/-'])
def test_document(application, mount, version, rest):
    """With and without project, with and without a slash at the end."""
    response = ask(application, mount + rest)
    assert response.status_int == 200
    described = {
        'rel': 'describedby',
        'type': 'text/html',
        'href': 'https://docs.openstack.org/api-ref/compute/',
    }
    assert response.json == {
        'version': {
            **version,
            'updated': '2013-07-23T11:33:21Z',
            'links': [{'rel': 'self', 'href': f'{HOST}{mount}/'}, described],
            'media-types': [MEDIA[mount]],
        }
    }


def test_links_are_as_the_client_came(application):
    """Links have the client's host name and the prefix of a proxy or a server."""
    response = ask(
        application,
        '/',
        headers={'Host': 'api.example:8774'},
        environ={'SCRIPT_NAME': '/compute', 'wsgi.url_scheme': 'https'},
    )
    links = [one['links'][0]['href'] for one in response.json['versions']]
    assert links == [
        'https://api.example:8774/compute/v2/',
        'https://api.example:8774/compute/v2.1/',
    ]


@pytest.mark.parametrize(
    ('method', 'path', 'script_name', 'path_info', 'legacy'),
    [
        ('GET', '/v2.1/servers', '/v2.1', '/servers', False),
        ('GET', '/v2/servers', '/v2', '/servers', True),
        ('GET', f'/v2.1/{PROJECT_A}/servers', '/v2.1', f'/{PROJECT_A}/servers', False),
        ('POST', '/v2.1', '/v2.1', '', False),
        ('POST', '/v2.1/', '/v2.1', '/', False),
        ('DELETE', '/v2.1/abc', '/v2.1', '/abc', False),
        ('GET', '/v2.1/projA', '/v2.1', '/projA', False),
        ('GET', '/v2.1//', '/v2.1', '//', False),
        ('GET', '/v2.1/abc//', '/v2.1', '/abc//', False),
        ('GET', '/v2.1/abc%0A', '/v2.1', '/abc\n', False),
        ('GET', '/v2.1/%D9%A1', '/v2.1', '/\xd9\xa1', False),
    ],
)
def test_what_is_below(application, method, path, script_name, path_info, legacy):
    """The version moves from the path to the mount point."""
    response = ask(application, path, method=method)
    assert response.status_int == 299
    assert response.json == [script_name, path_info, legacy]


@pytest.mark.parametrize(
    ('path', 'linked'),
    [
        ('/v3/servers', '/v3/servers'),
        ('/v2.10/servers', '/v2.10/servers'),
        ('/V2.1/servers', '/V2.1/servers'),
        ('//v2.1/servers', '//v2.1/servers'),
        ('/servers', '/servers'),
        ('/a%20b%0A%3Fc', '/a%20b%0A%3Fc'),
        ('/%ff', '/%FF'),
    ],
)
def test_choices(application, path, linked):
    """For an unknown version, the path is offered below each version."""
    response = ask(application, path)
    assert response.status_int == 300
    assert response.json == {
        'choices': [
            {
                'id': version['id'],
                'status': version['status'],
                'links': [{'rel': 'self', 'href': f'{HOST}{mount}{linked}'}],
                'media-types': [MEDIA[mount]],
            }
            for mount, version in (('/v2', V2), ('/v2.1', V21))
        ]
    }
