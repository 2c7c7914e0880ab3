# SPDX-License-Identifier: Apache-2.0
"""A request, until it is known what it asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import webob

from console_ext import context as contexts
from console_ext import exceptions
from console_ext.wsgi import faults, microversions
from console_ext.wsgi.operation import Named, Operation, Operations

CONTENT_TYPES = ('application/json', 'application/vnd.openstack.compute+json')
MAX_JSON_DEPTH = 100

# Set by Nova's /v2, and by our stand-alone host: microversions do not exist there.
LEGACY_V2 = 'openstack.legacy_v2'

# The template of a noun's path, for logs: an id in the path itself may be a token.
ROUTE = 'console_ext.route'

_WITH_BODY = ('POST', 'PUT')


class Request(webob.Request):
    """What a controller's method gets.

    :ivar version: the microversion asked for; None until it is known, and
        ``microversions.BEYOND_ALL`` for the latest one of an API that is not ours
    :ivar context: who is asking; set before a method is called
    """

    # Declared with values, or WebOb would keep them in the environ, for all to see.
    version: microversions.Version | None = None
    context: contexts.RequestContext = None  # type: ignore[assignment]

    @property
    def is_legacy(self) -> bool:
        return bool(self.environ.get(LEGACY_V2))

    @property
    def has_body(self) -> bool:
        """Whether the method is one whose body is read."""
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
    """Find the operation of a request, and its body.

    :raises RequestError: there is no such operation at the version asked for
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
    """The version that a request asks for.

    :param supported: None where every version passes
    :raises InvalidMicroversion, UnsupportedMicroversion:
    """
    if request.is_legacy:
        return microversions.DEFAULT
    try:
        return microversions.requested(request.environ, supported)
    except exceptions.UnsupportedMicroversion as error:
        # Nova names the version it refuses in its headers.
        request.version = microversions.Version(*error.requested)
        raise


def body_of(request: Request) -> Any:
    """The JSON of a body; None for an empty one, and where the method has none.

    The body can be read again.

    :raises UnsupportedContentType, MalformedBody:
    """
    if not request.has_body:
        return None
    # nova/api/openstack/wsgi.py, Request.get_content_type
    if request.content_type not in ('', 'text/plain', *CONTENT_TYPES):
        raise exceptions.UnsupportedContentType
    body = _body(request)
    return _json(body) if body else None


def action_of(operations: Mapping[str, Named], body: Any) -> Named:
    """The action that a body names.

    :raises MalformedBody: it is no object with one key
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
        # The client has gone, or sent less than it announced.
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
