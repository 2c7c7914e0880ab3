# SPDX-License-Identifier: Apache-2.0
"""Logs one line for each request, without body, query string or token."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib import parse
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from console_ext.printable import printable
from console_ext.wsgi import microversions
from console_ext.wsgi.request import ROUTE

LOG = logging.getLogger(__name__)

_VERSION_HEADER = microversions.HEADER.lower()


# A path segment that is neither short nor a word may be a token.
_SHORT = 24
_WORD = re.compile('[a-z-]{1,40}', re.ASCII)

# The segment after one of these, and the first segment, is a server or project id.
_BEFORE_ID = frozenset({'servers', 'v2', 'v2.1'})

_HIDDEN = '{id}'


class RequestLog:
    def __init__(self, application: WSGIApplication):
        self._application = application

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if not LOG.isEnabledFor(logging.INFO):
            return self._application(environ, start_response)
        started = time.monotonic()
        # Read now, because the next filters move parts of the path to SCRIPT_NAME.
        client = printable(environ.get('REMOTE_ADDR', '-'))
        method = environ['REQUEST_METHOD']
        path = _redact(
            f'{environ.get("SCRIPT_NAME", "")}{environ.get("PATH_INFO", "")}'
        )

        def log_and_start(
            status: str, headers: list[tuple[str, str]], *exc_info: Any
        ) -> Callable[[bytes], object]:
            values = {name.lower(): value for name, value in headers}
            LOG.info(
                '%s "%s %s" status: %s len: %s microversion: %s time: %.6f',
                client,
                # Quoted, so that a request cannot forge a log line.
                parse.quote(method),
                _template(environ) or path,
                status.partition(' ')[0],
                values.get('content-length', '-'),
                values.get(_VERSION_HEADER, '-').rpartition(' ')[2],
                time.monotonic() - started,
            )
            return start_response(status, headers, *exc_info)

        return self._application(environ, log_and_start)


def _template(environ: WSGIEnvironment) -> str | None:
    """Return the template of the matched route, if its path may contain a token."""
    route = environ.get(ROUTE)
    return route and parse.quote(route, safe='/{}', encoding='latin-1')


def _redact(path: str) -> str:
    """Return the quoted path, with segments that may be tokens replaced."""
    parts = path.split('/')
    return '/'.join(
        parse.quote(part, encoding='latin-1')
        if index < 2 or parts[index - 1] in _BEFORE_ID or _is_harmless(part)
        else _HIDDEN
        for index, part in enumerate(parts)
    )


def _is_harmless(part: str) -> bool:
    return len(part) <= _SHORT or _WORD.fullmatch(part) is not None


def filter_factory(
    global_conf: dict[str, str], **local_conf: str
) -> Callable[[WSGIApplication], WSGIApplication]:
    """paste.filter_factory"""
    return RequestLog
