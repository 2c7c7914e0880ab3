# SPDX-License-Identifier: Apache-2.0
"""HTTP responses for errors, in Nova's fault format.

This is the only module that maps exceptions to HTTP statuses.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import webob
import webob.exc

from console_ext import exceptions
from console_ext.wsgi.responses import json_response

LOG = logging.getLogger(__name__)

REQUEST_ID = 'openstack.request_id'

RETRY_AFTER_S = 10

# The first class of an exception's MRO that is in this table decides.
STATUSES: dict[type[exceptions.ConsoleExtError], int] = {
    exceptions.RequestError: 400,
    exceptions.UnsupportedMicroversion: 406,
    exceptions.UnsupportedContentType: 415,
    exceptions.BodyTooLarge: 413,
    exceptions.NotAtThisMicroversion: 404,
    exceptions.NotAuthenticated: 401,
    exceptions.ProjectMismatch: 400,
    exceptions.InvalidBody: 400,
    exceptions.NotAuthorized: 403,
    exceptions.ServerNotFound: 404,
    exceptions.ServerNotReady: 409,
    exceptions.ServerStateConflict: 409,
    exceptions.InvalidConsoleType: 400,
    exceptions.ConsoleTypeUnavailable: 400,
    exceptions.ConsoleNotSupported: 501,
    exceptions.SerialPortsExhausted: 400,
    exceptions.InvalidSerialPorts: 400,
    exceptions.ComputeUnavailable: 503,
    exceptions.ServersUnavailable: 503,
    exceptions.StoreUnavailable: 503,
    exceptions.MicroversionsUnavailable: 503,
    exceptions.TokenNotFound: 404,
}

# nova/api/openstack/wsgi.py, class Fault
_NAMES = {
    400: 'badRequest',
    401: 'unauthorized',
    403: 'forbidden',
    404: 'itemNotFound',
    405: 'badMethod',
    409: 'conflictingRequest',
    413: 'overLimit',
    415: 'badMediaType',
    429: 'overLimit',
    501: 'notImplemented',
    503: 'serviceUnavailable',
}


def status_of(error: Exception) -> int:
    """Return the HTTP status for an exception; 500 if it is not in the table."""
    if isinstance(error, webob.exc.WSGIHTTPException):
        return int(error.status_int)
    for cls in type(error).__mro__:
        if cls in STATUSES:
            return STATUSES[cls]
    return 500


def response(status: int, message: str) -> webob.Response:
    """
    :param message: shown to the user
    """
    name = _NAMES.get(status, 'computeFault')
    fault: dict[str, Any] = {name: {'code': status, 'message': message}}
    result = json_response(status, fault, 'application/json; charset=UTF-8')
    if status == 503:
        result.headers['Retry-After'] = str(RETRY_AFTER_S)
    return result


def from_error(error: Exception, request_id: str | None) -> webob.Response:
    """Return the response for an exception of the table or of webob; else a 500."""
    status = status_of(error)
    if status == 500:
        return unexpected(request_id)
    if isinstance(error, webob.exc.WSGIHTTPException):
        return response(status, error.explanation or error.title)
    return response(status, str(error))


def unexpected(request_id: str | None) -> webob.Response:
    """Return a 500 with the request id to report, and without any detail."""
    return response(
        500,
        'Unexpected API Error. Please tell the administrator this request id: '
        f'{request_id or "unknown"}',
    )


class Faults:
    """A WSGI filter that answers 500 for exceptions nothing else has handled."""

    def __init__(self, application: WSGIApplication):
        self._application = application

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            return self._application(environ, start_response)
        except webob.exc.HTTPRequestEntityTooLarge:
            # Raised while the body is read.  oslo.middleware's size limit, which
            # wraps this filter, answers it.
            raise
        except Exception:
            request_id = environ.get(REQUEST_ID)
            LOG.exception('Unexpected error in request %s', request_id)
            return unexpected(request_id)(environ, start_response)


def filter_factory(
    global_conf: dict[str, str], **local_conf: str
) -> Callable[[WSGIApplication], WSGIApplication]:
    """paste.filter_factory"""
    return Faults
