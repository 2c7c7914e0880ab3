# SPDX-License-Identifier: Apache-2.0
"""The request class, and the functions that find out what a request asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import webob

from console_ext import context as contexts
from console_ext import exceptions
from console_ext.wsgi import faults, microversions
from console_ext.wsgi.operation import Operation, Operations, VersionedOperation

CONTENT_TYPES = ('application/json', 'application/vnd.openstack.compute+json')
MAX_JSON_DEPTH = 100

# Set for /v2, which has no microversions, by Nova and by the stand-alone API.
LEGACY_V2 = 'openstack.legacy_v2'

# The path's template, for logs: the path itself may contain a token as an id.
ROUTE = 'console_ext.route'

_WITH_BODY = ('POST', 'PUT')


class Request(webob.Request):
    """The request that a controller's method receives.

    :ivar version: the requested microversion; None until it is known, and
        ``microversions.LATEST`` while the wrapped API's latest version is unknown
    :ivar context: the caller; set before the controller's method is called
    """

    # Class attributes, because WebOb stores all others in the shared environ.
    version: microversions.Version | None = None
    context: contexts.RequestContext = None  # type: ignore[assignment]

    @property
    def is_legacy(self) -> bool:
        return bool(self.environ.get(LEGACY_V2))

    @property
    def has_body(self) -> bool:
        """Whether the HTTP method has a body that is read."""
        return self.method in _WITH_BODY

    @property
    def request_id(self) -> str | None:
        request_id: str | None = self.environ.get(faults.REQUEST_ID)
        return request_id


def select(
    request: Request,
    operations: Operations,
    supported: microversions.Range | None,
) -> tuple[Operation, Any]:
    """Return the operation that a request asks for, and the parsed body.

    :raises RequestError: there is no such operation at the requested version
    """
    request.version = None
    request.version = version_of(request, supported)
    body = body_of(request)
    if isinstance(operations, Mapping):
        operations = action_of(operations, body)
    operation = operations.at(request.version)
    if operation is None:
        raise exceptions.NotAtThisMicroversion
    return operation, body


def version_of(
    request: Request, supported: microversions.Range | None
) -> microversions.Version:
    """Return the version that a request asks for.

    :param supported: None to accept every version
    :raises InvalidMicroversion, UnsupportedMicroversion:
    """
    if request.is_legacy:
        return microversions.DEFAULT
    try:
        return microversions.requested(request.environ, supported)
    except exceptions.UnsupportedMicroversion as error:
        # Nova's response headers repeat the version that it refuses.
        request.version = microversions.Version(*error.requested)
        raise


def body_of(request: Request) -> Any:
    """Return the parsed JSON body; None if it is empty or the method has no body.

    The body can be read again afterwards.

    :raises UnsupportedContentType, MalformedBody:
    """
    if not request.has_body:
        return None
    # nova/api/openstack/wsgi.py, Request.get_content_type
    if request.content_type not in ('', 'text/plain', *CONTENT_TYPES):
        raise exceptions.UnsupportedContentType
    body = _body(request)
    return _json(body) if body else None


def action_of(
    operations: Mapping[str, VersionedOperation], body: Any
) -> VersionedOperation:
    """Return the action that a body names.

    :raises MalformedBody: the body is not an object with exactly one key
    :raises NoSuchAction:
    """
    if not isinstance(body, dict) or len(body) != 1:
        raise exceptions.MalformedBody
    (name,) = body
    if name not in operations:
        raise exceptions.NoSuchAction(name)
    return operations[name]


def _body(request: Request) -> bytes:
    try:
        return request.body
    except OSError:
        # The client disconnected or sent less than its Content-Length.
        raise exceptions.MalformedBody from None


def _json(body: bytes) -> Any:
    try:
        value = json.loads(body.decode('utf-8'))
    except (ValueError, RecursionError):
        raise exceptions.MalformedBody from None
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_JSON_DEPTH):
        if not level:
            return value
        level = [
            child
            for part in level
            for child in (part.values() if isinstance(part, dict) else part)
            if isinstance(child, (dict, list))
        ]
    if level:
        raise exceptions.MalformedBody
    return value
