# SPDX-License-Identifier: Apache-2.0
"""One request, from its headers to its response.

:func:`select` finds the operation and reads the body; :func:`answer` does the rest.
What is checked, and in which order, is the same for every operation, and stands in
these two functions only.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema
import webob

from console_ext import context as contexts
from console_ext import exceptions
from console_ext.policy import Policy
from console_ext.servers.base import LookUp
from console_ext.wsgi import declarations, faults, microversions
from console_ext.wsgi.responses import json_response
from console_ext.wsgi.validation import Validator

LOG = logging.getLogger(__name__)

CONTENT_TYPES = ('application/json', 'application/vnd.openstack.compute+json')
MAX_JSON_DEPTH = 100

# Set by Nova's /v2, and by our stand-alone host: microversions do not exist there.
LEGACY_V2 = 'openstack.legacy_v2'

# Statuses that the checks before a method end with; it need not expect them.
_EXPECTED_OF_ALL = frozenset({400, 401, 403, 404})


class Request(webob.Request):
    """A request on its way through :func:`select` and :func:`answer`.

    The two annotated attributes are set as soon as they are known.
    """

    version: microversions.Version | None
    context: contexts.RequestContext

    @property
    def is_legacy(self) -> bool:
        return bool(self.environ.get(LEGACY_V2))

    @property
    def request_id(self) -> str | None:
        request_id: str | None = self.environ.get(faults.REQUEST_ID)
        return request_id


@dataclass(frozen=True, slots=True)
class Operation:
    """A controller's method with what was declared of it, compiled."""

    alias: str
    method: Callable[..., Any]
    action: str | None
    versions: microversions.Range
    policy: str
    status: int
    expected: frozenset[int]
    request_validator: Validator | None
    response_validator: Validator | None
    names_server: bool

    @classmethod
    def compile(
        cls, alias: str, method: Callable[..., Any], *, names_server: bool
    ) -> Operation:
        """
        :param names_server: whether its URL names a server
        :raises ExtensionError: what is declared cannot be compiled
        """
        name = getattr(method, '__qualname__', repr(method))
        declared = declarations.declaration_of(method) or declarations.Declaration()
        if declared.policy is None:
            raise exceptions.ExtensionError(alias, f'{name} declares no policy rule')
        try:
            return cls(
                alias=alias,
                method=method,
                action=declared.action,
                versions=microversions.Range.parse(declared.minimum, declared.maximum),
                policy=declared.policy,
                status=declared.status,
                expected=declared.expected_errors | _EXPECTED_OF_ALL,
                request_validator=_validator(declared.request_schema),
                response_validator=_validator(declared.response_schema),
                names_server=names_server,
            )
        except jsonschema.SchemaError as error:
            raise exceptions.ExtensionError(
                alias, f'{name} declares an invalid schema: {error.message}'
            ) from None
        except exceptions.InvalidMicroversion as error:
            raise exceptions.ExtensionError(alias, f'{name}: {error}') from None


def _validator(schema: dict[str, Any] | None) -> Validator | None:
    return None if schema is None else Validator(schema)


# What a route leads to: one operation, or the actions that a body may name.
Operations = Operation | Mapping[str, Operation]


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


@dataclass(frozen=True, slots=True)
class Resource:
    """Answers requests that a router has matched.

    :param supported: the API's microversions; None where the API is not ours
    """

    policy: Policy
    servers: LookUp
    supported: microversions.Range | None

    def handle(
        self, request: Request, operations: Operations, args: dict[str, str]
    ) -> webob.Response:
        """Select and answer, or refuse.

        :param args: what the route found in the URL
        """
        try:
            operation, body = select(request, operations, self.supported)
        except exceptions.RequestError as error:
            return refusal(request, None, error)
        return self.answer(request, operation, body, args)

    def answer(
        self, request: Request, operation: Operation, body: Any, args: dict[str, str]
    ) -> webob.Response:
        """Carry out an operation that was selected."""
        try:
            result = self._carry_out(request, operation, body, args)
            return _success(request, operation, result)
        except Exception as error:
            return refusal(request, operation, error)

    def _carry_out(
        self, request: Request, operation: Operation, body: Any, args: dict[str, str]
    ) -> Any:
        request.context = contexts.from_environ(request.environ, self.policy)
        args = dict(args)
        _check_project(request.context, args.pop('project_id', None))
        if operation.request_validator is not None:
            operation.request_validator.check(body, legacy=request.is_legacy)
        kwargs: dict[str, Any] = args
        target = {
            'project_id': request.context.project_id,
            'user_id': request.context.user_id,
        }
        if operation.names_server:
            server = self.servers.get(request.context, args.pop('server_id'))
            kwargs['server'] = server
            target = {'project_id': server.project_id, 'user_id': server.user_id}
        self.policy.authorize(
            operation.policy, target, request.context.to_policy_values()
        )
        if body is not None:
            kwargs['body'] = body
        result = operation.method(request, **kwargs)
        if operation.response_validator is not None:
            try:
                operation.response_validator.check(result)
            except exceptions.InvalidBody:
                # Its text quotes the value, and the value may be a token.
                raise TypeError('the response does not fit its schema') from None
        return result


def _success(request: Request, operation: Operation, result: Any) -> webob.Response:
    if result is None:
        response = webob.Response(status=operation.status)
        del response.content_type
    else:
        response = json_response(
            operation.status, result, _accepted_content_type(request)
        )
    return _with_version_headers(request, response)


def _check_project(context: contexts.RequestContext, project_id: str | None) -> None:
    if project_id is not None and project_id != context.project_id:
        raise exceptions.ProjectMismatch(project_id, context.project_id)


def refusal(
    request: Request, operation: Operation | None, error: Exception
) -> webob.Response:
    """The response for an error, and the line in the log where it is our fault.

    :param operation: None where none was found
    """
    status = faults.status_of(error)
    expected = _EXPECTED_OF_ALL if operation is None else operation.expected
    if isinstance(error, exceptions.UnexpectedReply):
        LOG.error('%s (request %s)', error, request.request_id)
        response = faults.unexpected(request.request_id)
    elif status == 500 or (operation is not None and status not in expected):
        LOG.error(
            'Unexpected error in %s (request %s)',
            operation.method.__qualname__ if operation else 'no operation',
            request.request_id,
            exc_info=error,
        )
        response = faults.unexpected(request.request_id)
    else:
        if isinstance(error, exceptions.ComputeUnavailable):
            host = getattr(error, 'host', None)
            LOG.warning('%s (host %s, request %s)', error, host, request.request_id)
        response = faults.from_error(error, request.request_id)
    return _with_version_headers(request, response)


def _accepted_content_type(request: Request) -> str:
    """The one of Nova's content types that the client likes best; JSON if none."""
    offers = request.accept.acceptable_offers(CONTENT_TYPES)
    return offers[0][0] if offers else CONTENT_TYPES[0]


def _with_version_headers(request: Request, response: webob.Response) -> webob.Response:
    if request.version is not None and not request.is_legacy:
        version = str(request.version)
        headers = response.headers
        headers[microversions.HEADER] = f'{microversions.SERVICE_TYPE} {version}'
        headers[microversions.LEGACY_HEADER] = version
        headers.add('Vary', microversions.HEADER)
        headers.add('Vary', microversions.LEGACY_HEADER)
    return response
