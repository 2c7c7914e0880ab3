# SPDX-License-Identifier: Apache-2.0
"""Requests to a WSGI application within the process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from wsgiref.types import WSGIApplication, WSGIEnvironment


class NoAnswer(Exception):
    """The application has not answered as WSGI wants it; the text says why."""


def environ_of(path: str) -> WSGIEnvironment:
    """A GET below the compute API's mount, of nobody.

    :param path: below ``/v2.1``
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


def ask(
    application: WSGIApplication, environ: WSGIEnvironment, max_bytes: int
) -> tuple[int, bytes]:
    """The status and the body of the answer.

    The time that it takes is the application's own.

    :raises NoAnswer: the body is longer than ``max_bytes``, or there is no status
    """
    statuses: list[str] = []
    body = io.BytesIO()

    def start_response(
        status: str, headers: object, exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        # It may be called again, and the last call counts (PEP 3333).
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
