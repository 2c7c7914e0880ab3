# SPDX-License-Identifier: Apache-2.0
"""Handles one request, from its headers to its response.

:func:`request.select` finds the operation and reads the body, and
:meth:`Resource.answer` does the rest.  These two contain all checks, and their order
is the same for every operation.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import webob

from console_ext import context as contexts
from console_ext import exceptions
from console_ext.policy import Policy
from console_ext.printable import printable
from console_ext.servers.base import LookUp
from console_ext.throttle import Throttle
from console_ext.wsgi import faults, microversions
from console_ext.wsgi.operation import EXPECTED_OF_ALL, Operation, Operations
from console_ext.wsgi.request import CONTENT_TYPES, Request, select
from console_ext.wsgi.responses import json_response

LOG = logging.getLogger(__name__)

# Any client can trigger the log message about a missing authentication filter.
_SECONDS_BETWEEN_LINES = 60.0

# Path variables that are never secret.
_NOT_SECRET = ('project_id', 'server_id')
_SHORTEST_SECRET = 8


@dataclass(frozen=True, slots=True)
class Resource:
    """Answers requests that the router has matched.

    :param supported: the API's microversions; None if they are unknown
    """

    policy: Policy
    servers: LookUp
    supported: microversions.Range | None
    _unauthenticated: Throttle = field(
        default_factory=lambda: Throttle(_SECONDS_BETWEEN_LINES),
        init=False,
        compare=False,
    )

    def handle(
        self, request: Request, operations: Operations, args: dict[str, str]
    ) -> webob.Response:
        """Find the operation and carry it out, or return an error response.

        :param args: the variables of the URL
        """
        try:
            operation, body = select(request, operations, self.supported)
        except exceptions.RequestError as error:
            return error_response(request, None, error)
        return self.answer(request, operation, body, args)

    def answer(
        self, request: Request, operation: Operation, body: Any, args: dict[str, str]
    ) -> webob.Response:
        """Carry out an operation, or return an error response.

        :raises Declined: the method leaves the request to the wrapped API
        """
        try:
            result = self._carry_out(request, operation, body, args)
            return _success(request, operation, result)
        except exceptions.Declined:
            raise
        except Exception as error:
            return error_response(request, operation, error, args)

    def _carry_out(
        self, request: Request, operation: Operation, body: Any, args: dict[str, str]
    ) -> Any:
        request.context = self._context(request)
        args = dict(args)
        _check_project(request.context, args.pop('project_id', None))
        version = request.version or microversions.DEFAULT
        query_validator = operation.query_validators.at(version)
        if query_validator is not None:
            query_validator.check(_query(request), legacy=request.is_legacy)
        validator = operation.request_validators.at(version)
        if validator is not None:
            validator.check(body, legacy=request.is_legacy)
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
            operation.rule(body), target, request.context.to_policy_values()
        )
        if request.has_body:
            kwargs['body'] = body
        result = operation.method(request, **kwargs)
        response_validator = operation.response_validators.at(version)
        if response_validator is not None:
            try:
                response_validator.check(result)
            except exceptions.InvalidBody:
                # The original error quotes the value, which may be a token.
                raise TypeError('the response does not fit its schema') from None
        return result

    def _context(self, request: Request) -> contexts.RequestContext:
        try:
            return contexts.from_environ(request.environ, self.policy)
        except exceptions.NoAuthenticationFilter:
            suppressed = self._unauthenticated.admit()
            if suppressed is not None:
                LOG.error(
                    'Refused a request (and %d since the last such message): no '
                    'authentication filter runs before the extensions, so the client '
                    'could forge its identity headers. Add keystonemiddleware to the '
                    'pipeline; "console-ext-manage check" shows which one lacks it.',
                    suppressed,
                )
            raise


def _success(request: Request, operation: Operation, result: Any) -> webob.Response:
    if result is None:
        response = webob.Response(status=operation.status)
        del response.content_type
    else:
        response = json_response(
            operation.status, result, _accepted_content_type(request)
        )
    return _with_version_headers(request, response)


def _query(request: Request) -> dict[str, list[str]]:
    """Return the query string as each name with the list of its values.

    :raises InvalidBody: the query string is not UTF-8
    """
    try:
        query: dict[str, list[str]] = request.GET.dict_of_lists()
    except UnicodeDecodeError:
        raise exceptions.InvalidBody('Query string is not UTF-8 encoded') from None
    return query


def _check_project(context: contexts.RequestContext, project_id: str | None) -> None:
    if project_id is not None and project_id != context.project_id:
        raise exceptions.ProjectMismatch(project_id, context.project_id)


def error_response(
    request: Request,
    operation: Operation | None,
    error: Exception,
    args: Mapping[str, str] = MappingProxyType({}),
) -> webob.Response:
    """Return the response for an error, and log the error if the service caused it.

    :param operation: None if no operation was found
    :param args: the variables of the URL; the log does not show those that may be
        secret
    """
    status = faults.status_of(error)
    expected = EXPECTED_OF_ALL if operation is None else operation.expected
    if isinstance(error, (exceptions.UnexpectedReply, exceptions.LookUpFailed)):
        reason = printable(_redact(args, str(error)))
        LOG.error('%s (request %s)', reason, request.request_id)
        response = faults.unexpected(request.request_id)
    elif status == 500 or (operation is not None and status not in expected):
        where = operation.method.__qualname__ if operation else 'no operation'
        trace = ''.join(traceback.format_exception(error))
        shown = _redact(args, trace)
        LOG.error(
            'Unexpected error in %s (request %s)%s',
            where,
            request.request_id,
            '' if shown == trace else f'\n{shown}',
            exc_info=error if shown == trace else None,
        )
        response = faults.unexpected(request.request_id)
    else:
        if isinstance(
            error, (exceptions.ComputeUnavailable, exceptions.ServersUnavailable)
        ):
            host = printable(getattr(error, 'host', None))
            LOG.warning('%s (host %s, request %s)', error, host, request.request_id)
        response = faults.from_error(error, request.request_id)
    return _with_version_headers(request, response)


def _redact(args: Mapping[str, str], text: str) -> str:
    """Return a text with possibly secret path variables replaced by their names.

    Short values are not tokens, and replacing them would hit unrelated text.
    """
    for name, value in args.items():
        if name not in _NOT_SECRET and len(value) >= _SHORTEST_SECRET:
            for written in (value, repr(value)[1:-1]):
                text = text.replace(written, f'{{{name}}}')
    return text


def _accepted_content_type(request: Request) -> str:
    """Return the content type of Nova's that the client prefers; else plain JSON."""
    offers = request.accept.acceptable_offers(CONTENT_TYPES)
    return offers[0][0] if offers else CONTENT_TYPES[0]


def _with_version_headers(request: Request, response: webob.Response) -> webob.Response:
    named = request.version not in (None, microversions.LATEST)
    if named and not request.is_legacy:
        version = str(request.version)
        headers = response.headers
        headers[microversions.HEADER] = f'{microversions.SERVICE_TYPE} {version}'
        headers[microversions.LEGACY_HEADER] = version
        headers.add('Vary', microversions.HEADER)
        headers.add('Vary', microversions.LEGACY_HEADER)
    return response
