# SPDX-License-Identifier: Apache-2.0
"""Refuses request bodies over ``[oslo_middleware] max_request_body_size``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import webob.exc
from oslo_middleware import sizelimit

from console_ext import conf as config
from console_ext.wsgi import faults
from console_ext.wsgi.body_size import max_body_bytes


class BodyLimit:
    """Like oslo.middleware's size limit, but answers in the API's fault format."""

    def __init__(self, application: WSGIApplication, limit: int):
        self._application = application
        self._limit = limit

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            length = int(environ.get('CONTENT_LENGTH') or 0)
        except ValueError:
            length = -1
        if length < 0:
            refused = faults.response(400, 'Malformed Content-Length')
            return refused(environ, start_response)
        if length > self._limit:
            return self._refuse(environ, start_response)
        if 'CONTENT_LENGTH' not in environ or environ['CONTENT_LENGTH'] == '':
            environ['wsgi.input'] = sizelimit.LimitingReader(
                environ['wsgi.input'], self._limit
            )
        try:
            return self._application(environ, start_response)
        except webob.exc.HTTPRequestEntityTooLarge:
            return self._refuse(environ, start_response)

    def _refuse(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        message = f'Request is too large. Larger than {self._limit} bytes.'
        return faults.response(413, message)(environ, start_response)


def filter_factory(
    global_conf: dict[str, str], **local_conf: str
) -> Callable[[WSGIApplication], WSGIApplication]:
    """paste.filter_factory"""
    limit = max_body_bytes(config.from_paste(global_conf, local_conf))
    return lambda application: BodyLimit(application, limit)
