# SPDX-License-Identifier: Apache-2.0
"""What a listener serves to browsers: a fixed table of pages, built at the start.

The path of a request is never used as the path of a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console_ext.proxy.admission.origin import AllowedOrigins

HEALTH = '/healthcheck'

TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.mjs': 'text/javascript; charset=utf-8',
}


@dataclass(frozen=True, slots=True)
class Page:
    """
    :param headers: added to the default headers; one of the same name replaces it
    :param gzip: the compressed body, for clients that accept gzip; ``headers`` then
        have to contain ``Vary``
    """

    body: bytes
    headers: tuple[tuple[str, str], ...]
    status: int = 200
    gzip: bytes | None = None


def text(sentence: str, status: int = 200) -> Page:
    headers = (('Content-Type', 'text/plain; charset=utf-8'),)
    return Page(f'{sentence}\n'.encode(), headers, status)


def health() -> Mapping[str, Page]:
    return {HEALTH: text('OK')}


def security_policy(frame_ancestors: AllowedOrigins, *more: str) -> str:
    """The ``Content-Security-Policy`` of one of our pages.

    :param frame_ancestors: web sites that may show the page in a frame, such as a
        dashboard
    :param more: further directives of this page
    """
    return '; '.join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            *more,
            "base-uri 'none'",
            "form-action 'none'",
            f'frame-ancestors {" ".join(frame_ancestors.sources())}',
        ]
    )
