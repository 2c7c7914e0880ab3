# SPDX-License-Identifier: Apache-2.0
"""One line in the log for each request: no body, no query, no token."""

from __future__ import annotations

import logging
import time
from typing import Any
from urllib import parse

from console_ext.printable import printable
from console_ext.servers.base import WSGIApplication
from console_ext.wsgi import microversions

LOG = logging.getLogger(__name__)

_VERSION_HEADER = microversions.HEADER.lower()


class RequestLog:
    def __init__(self, application: WSGIApplication):
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if not LOG.isEnabledFor(logging.INFO):
            return self._application(environ, start_response)
        started = time.monotonic()
        # Taken now: what is behind us moves the path's parts about.
        client = printable(environ.get('REMOTE_ADDR', '-'))
        method = environ['REQUEST_METHOD']
        path = f'{environ.get("SCRIPT_NAME", "")}{environ.get("PATH_INFO", "")}'

        def log_and_start(
            status: str, headers: list[tuple[str, str]], *exc_info: Any
        ) -> Any:
            values = {name.lower(): value for name, value in headers}
            LOG.info(
                '%s "%s %s" status: %s len: %s microversion: %s time: %.6f',
                client,
                # Quoted, so that no path can forge a line.
                parse.quote(method),
                parse.quote(path, encoding='latin-1'),
                status.partition(' ')[0],
                values.get('content-length', '-'),
                values.get(_VERSION_HEADER, '-').rpartition(' ')[2],
                time.monotonic() - started,
            )
            return start_response(status, headers, *exc_info)

        return self._application(environ, log_and_start)


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> Any:
    """paste.filter_factory"""
    return RequestLog
