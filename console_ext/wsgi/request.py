# SPDX-License-Identifier: Apache-2.0
"""A request, until it is known what it asks for."""

from __future__ import annotations

import json
from typing import Any

import webob

from console_ext import context as contexts
from console_ext import exceptions
from console_ext.wsgi import faults, microversions
from console_ext.wsgi.operation import Operation, Operations

CONTENT_TYPES = ('application/json', 'application/vnd.openstack.compute+json')
MAX_JSON_DEPTH = 100

# Set by Nova's /v2, and by our stand-alone host: microversions do not exist there.
LEGACY_V2 = 'openstack.legacy_v2'


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
    def request_id(self) -> str | None:
        request_id: str | None = self.environ.get(faults.REQUEST_ID)
        return request_id


def select(
    request: Request,
    operations: Operations,
    supported: microversions.Range | None,
) -> tuple[Operation, Any]:
    """Find the operation of a request, and its body.

    :raises RequestError: there is no such operation at the version asked for; the
        request can still be passed on, body and all
    """
    request.version = None
    request.version = _version(request, supported)
    if request.method not in ('POST', 'PUT'):
        body = None
    else:
        # nova/api/openstack/wsgi.py, Request.get_content_type
        if request.content_type not in ('', 'text/plain', *CONTENT_TYPES):
            raise exceptions.UnsupportedContentType
        body = _json_object(_body(request))
    if isinstance(operations, Operation):
        operation = operations
    else:
        if body is None or len(body) != 1:
            raise exceptions.MalformedBody
        (name,) = body
        if name not in operations:
            raise exceptions.NoSuchAction(name)
        operation = operations[name]
    if request.version not in operation.versions:
        raise exceptions.NotAtThisMicroversion
    return operation, body


def _version(
    request: Request, supported: microversions.Range | None
) -> microversions.Version:
    if request.is_legacy:
        return microversions.DEFAULT
    try:
        return microversions.requested(request.environ, supported)
    except exceptions.UnsupportedMicroversion as error:
        # Nova names the version it refuses in its headers.
        request.version = microversions.Version(*error.requested)
        raise


def _body(request: Request) -> bytes:
    try:
        return request.body
    except OSError:
        # The client has gone, or sent less than it announced.
        raise exceptions.MalformedBody from None


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body.decode('utf-8'))
    except (ValueError, RecursionError):
        raise exceptions.MalformedBody from None
    if not isinstance(value, dict):
        raise exceptions.MalformedBody
    level: list[Any] = [value]
    for _ in range(MAX_JSON_DEPTH):
        level = [
            child
            for part in level
            for child in (part.values() if isinstance(part, dict) else part)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return value
    raise exceptions.MalformedBody
