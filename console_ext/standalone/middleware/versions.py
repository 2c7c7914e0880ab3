# SPDX-License-Identifier: Apache-2.0
"""The version documents through which clients discover the API.

They need no authentication, so this filter comes before the authentication filter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib import parse
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import webob

from console_ext.wsgi import microversions
from console_ext.wsgi.request import LEGACY_V2
from console_ext.wsgi.responses import json_response

_MEDIA_TYPE = 'application/vnd.openstack.compute+json;version='

# The path of a version document, with or without a project id and a trailing slash.
_DOCUMENT = re.compile(r'/?|/[0-9a-f-]+/?', re.ASCII)

_RANGE = microversions.STAND_ALONE

_VERSIONS: dict[str, dict[str, Any]] = {
    '/v2': {
        'id': 'v2.0',
        'status': 'DEPRECATED',
        'version': '',
        'min_version': '',
        'media': '2',
    },
    '/v2.1': {
        'id': 'v2.1',
        'status': 'CURRENT',
        'version': str(_RANGE.maximum),
        'min_version': str(_RANGE.minimum),
        'media': '2.1',
    },
}


class Versions:
    """Answers requests for version documents and mounts the API below the versions."""

    def __init__(self, application: WSGIApplication):
        self._application = application

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        path = environ.get('PATH_INFO', '')
        _, _, rest = path.partition('/')
        mount, slash, below = rest.partition('/')
        mount = f'/{mount}'
        request = webob.Request(environ)
        if path in ('', '/'):
            response = json_response(200, {'versions': _list(request)})
        elif mount not in _VERSIONS:
            response = json_response(300, {'choices': _choices(request)})
        elif request.method in ('GET', 'HEAD') and _DOCUMENT.fullmatch(slash + below):
            document = _document(request, mount)
            response = json_response(200, {'version': document})
        else:
            environ['SCRIPT_NAME'] = environ.get('SCRIPT_NAME', '') + mount
            environ['PATH_INFO'] = slash + below
            if mount == '/v2':
                environ[LEGACY_V2] = True
            return self._application(environ, start_response)
        return response(environ, start_response)


def _list(request: webob.Request) -> list[dict[str, Any]]:
    return [
        {
            'id': version['id'],
            'status': version['status'],
            'version': version['version'],
            'min_version': version['min_version'],
            'updated': '2013-07-23T11:33:21Z',
            'links': [{'rel': 'self', 'href': f'{request.application_url}{mount}/'}],
        }
        for mount, version in _VERSIONS.items()
    ]


def _choices(request: webob.Request) -> list[dict[str, Any]]:
    path = parse.quote(request.environ['PATH_INFO'], encoding='latin-1')
    return [
        {
            'id': version['id'],
            'status': version['status'],
            'links': [
                {'rel': 'self', 'href': f'{request.application_url}{mount}{path}'}
            ],
            'media-types': [_media_type(version)],
        }
        for mount, version in _VERSIONS.items()
    ]


def _document(request: webob.Request, mount: str) -> dict[str, Any]:
    version = _VERSIONS[mount]
    return {
        'id': version['id'],
        'status': version['status'],
        'version': version['version'],
        'min_version': version['min_version'],
        'updated': '2013-07-23T11:33:21Z',
        'links': [
            {'rel': 'self', 'href': f'{request.application_url}{mount}/'},
            {
                'rel': 'describedby',
                'type': 'text/html',
                'href': 'https://docs.openstack.org/api-ref/compute/',
            },
        ],
        'media-types': [_media_type(version)],
    }


def _media_type(version: dict[str, Any]) -> dict[str, str]:
    return {'base': 'application/json', 'type': _MEDIA_TYPE + version['media']}


def filter_factory(
    global_conf: dict[str, str], **local_conf: str
) -> Callable[[WSGIApplication], WSGIApplication]:
    """paste.filter_factory"""
    return Versions
