# SPDX-License-Identifier: Apache-2.0
"""Requests to a WSGI application without a web server."""

from __future__ import annotations

import io
import json
from typing import Any

import webob

from console_ext import context as contexts
from tests.parts.deployment import PROJECT_A, PROJECT_B

# Tokens for the noauth filter.
ALICE = f'alice:{PROJECT_A}:member,reader'
READER = f'rita:{PROJECT_A}:reader'
BOB = f'bob:{PROJECT_B}:member,reader'
ADMIN = f'root:{PROJECT_A}:admin,manager,member,reader'
SYSTEM = 'sys:system:admin,member,reader'

SERIAL = {'os-getSerialConsole': {'type': 'serial'}}
SPICE = {'os-getSPICEConsole': {'type': 'spice-html5'}}
VNC = {'os-getVNCConsole': {'type': 'novnc'}}


def build(
    path: str,
    body: Any = None,
    *,
    method: str | None = None,
    token: str | None = None,
    headers: dict[str, str] | None = None,
    environ: dict[str, Any] | None = None,
) -> webob.Request:
    """A request from loopback.

    :param path: as in a URL, quoted, with its query
    :param body: bytes as they are, anything else as JSON; None for no body
    :param method: POST if there is a body, else GET
    :param token: one of the noauth filter's; also what keystonemiddleware would leave
        for such a user
    :param environ: last changes; None takes a key out
    """
    request = webob.Request.blank(path, method=method or ('POST', 'GET')[body is None])
    request.environ['REMOTE_ADDR'] = '127.0.0.1'
    if body is not None:
        request.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.content_type = 'application/json'
        # As from a server: otherwise WebOb's cached values would be sent too.
        del request.environ['webob.is_body_seekable']
    if token is not None:
        user_id, project_id, roles = token.split(':')
        identity = {
            'X-Auth-Token': token,
            'X-User-Id': user_id,
            'X-Roles': roles,
            'X-Project-Id': project_id,
        }
        if project_id == 'system':
            del identity['X-Project-Id']
            identity['OpenStack-System-Scope'] = 'all'
        request.headers.update(identity)
        request.environ[contexts.KEYSTONE] = object()
    request.headers.update(headers or {})
    for name, value in (environ or {}).items():
        if value is None:
            request.environ.pop(name, None)
        else:
            request.environ[name] = value
    return request


def ask(application: Any, path: str, body: Any = None, **how: Any) -> webob.Response:
    """Return the answer to :func:`build`'s request; exceptions are raised."""
    return build(path, body, **how).get_response(application)


def chunked(body: bytes) -> dict[str, Any]:
    """Return the environ of a body without a known length."""
    return {
        'CONTENT_LENGTH': None,
        'CONTENT_TYPE': 'application/json',
        'HTTP_TRANSFER_ENCODING': 'chunked',
        'wsgi.input': io.BytesIO(body),
        'wsgi.input_terminated': True,
    }


def fault(response: webob.Response) -> tuple[str, str]:
    """Return name and message of a fault, after checking its format."""
    ((name, values),) = response.json.items()
    assert values['code'] == response.status_int
    assert response.headers['Content-Type'] == 'application/json; charset=UTF-8'
    return name, values['message']
