# SPDX-License-Identifier: Apache-2.0
"""Sends requests to a WSGI application in the same process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from wsgiref.types import WSGIApplication, WSGIEnvironment


class NoAnswer(Exception):
    """The application's response is unusable; the text is the reason."""


def environ_of(path: str) -> WSGIEnvironment:
    """Return the environ of an anonymous GET request to the compute API.

    :param path: relative to ``/v2.1``
    """
    return {
        'REQUEST_METHOD': 'GET',
        'SCRIPT_NAME': '/v2.1',
        'PATH_INFO': path,
        'QUERY_STRING': '',
        'SERVER_NAME': 'localhost',
        'SERVER_PORT': '80',
        'SERVER_PROTOCOL': 'HTTP/1.1',
        'HTTP_HOST': 'localhost',
        'HTTP_ACCEPT': 'application/json',
        'wsgi.version': (1, 0),
        'wsgi.url_scheme': 'http',
        'wsgi.input': io.BytesIO(),
        'wsgi.errors': sys.stderr,
        'wsgi.multithread': True,
        'wsgi.multiprocess': True,
        'wsgi.run_once': False,
    }


def call(
    application: WSGIApplication, environ: WSGIEnvironment, max_bytes: int
) -> tuple[int, bytes]:
    """Return the status and the body of the response.

    There is no timeout: the call runs in the caller's thread.

    :raises NoAnswer: the body is longer than ``max_bytes``, or there is no status
    """
    statuses: list[str] = []
    body = io.BytesIO()

    def start_response(
        status: str, headers: object, exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        # WSGI allows several calls; the last one counts (PEP 3333).
        statuses.append(status)
        return write

    def write(part: bytes) -> None:
        if body.tell() + len(part) > max_bytes:
            raise NoAnswer('the answer of the API is too large')
        body.write(part)

    parts: Iterable[bytes] = application(environ, start_response)
    try:
        for part in parts:
            write(part)
    finally:
        close = getattr(parts, 'close', None)
        if close is not None:
            close()
    try:
        return int(statuses[-1].split()[0]), body.getvalue()
    except (IndexError, ValueError):
        raise NoAnswer('the API answered without a status') from None
