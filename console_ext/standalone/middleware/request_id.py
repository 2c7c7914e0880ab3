# SPDX-License-Identifier: Apache-2.0
"""Gives each request an id, in the environ, in the log and in the response."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from oslo_context import context as oslo_context
from oslo_middleware import request_id as oslo_request_id

# The second is Nova's older name for the first.
_HEADERS = ('x-openstack-request-id', 'x-compute-request-id')

_FORMAT = re.compile(oslo_request_id.ID_FORMAT)


class RequestId:
    """Like oslo.middleware's; an id that the client sends is the global request id."""

    def __init__(self, application: WSGIApplication):
        self._application = application

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        sent = environ.get('HTTP_X_OPENSTACK_REQUEST_ID', '')
        if _FORMAT.match(sent):
            environ[oslo_request_id.GLOBAL_REQ_ID] = sent
        request_id = oslo_context.generate_request_id()
        environ[oslo_request_id.ENV_REQUEST_ID] = request_id
        # Attaches this request's id, not the previous one's, to this thread's logs.
        oslo_context.RequestContext(request_id=request_id)

        def start(
            status: str, headers: list[tuple[str, str]], *exc_info: Any
        ) -> Callable[[bytes], object]:
            ours = [(name, request_id) for name in _HEADERS]
            return start_response(status, headers + ours, *exc_info)

        return self._application(environ, start)


def filter_factory(
    global_conf: dict[str, str], **local_conf: str
) -> Callable[[WSGIApplication], WSGIApplication]:
    """paste.filter_factory"""
    return RequestId
