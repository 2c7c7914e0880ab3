# SPDX-License-Identifier: Apache-2.0
"""Checks URLs of consoles, and removes tokens from texts."""

from __future__ import annotations

import re
from urllib import parse

from console_ext.printable import printable

_PAGES = {'ws': 'http', 'wss': 'https', 'http': 'http', 'https': 'https'}

# In a query string, and, as in noVNC's URLs, in an encoded query inside it.
_SECRET = re.compile(r'(?i)((?:token|rejoin)(?:=|%3d))[^\s&"\'<>\\]+')


class InvalidURL(ValueError):
    """The text is not the URL of a console; the error does not quote it."""


def websocket(url: str) -> str:
    """Check that a URL is the URL of a WebSocket, and return it unchanged.

    :raises InvalidURL: it is not
    """
    if _split(url).scheme not in ('ws', 'wss'):
        raise InvalidURL('The URL must begin with ws:// or wss://.')
    return url


def page(url: str) -> str:
    """Return the URL of the page that shows a console in a browser.

    The page of a serial console has the console's own URL, with ``http`` instead of
    ``ws``.

    :raises InvalidURL: a browser cannot open it
    """
    parts = _split(url)
    if parts.scheme not in _PAGES:
        raise InvalidURL('The URL must begin with ws://, wss://, http:// or https://.')
    return parse.urlunsplit(parts._replace(scheme=_PAGES[parts.scheme]))


def rejoin(url: str, key: str) -> str:
    """Return the URL that opens the session of another URL again.

    :param url: with a token or an earlier key
    """
    parts = _split(url)
    fields = parse.parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, value) for name, value in fields if name not in ('token', 'rejoin')]
    query = parse.urlencode([*kept, ('rejoin', key)])
    return parse.urlunsplit(parts._replace(query=query, fragment=''))


def place(url: str) -> str:
    """Return the host and port of a URL, for messages."""
    parts = _split(url)
    host = parts.hostname or ''
    shown = f'[{host}]' if ':' in host else host
    return printable(shown if parts.port is None else f'{shown}:{parts.port}')


def without_tokens(text: str) -> str:
    """Return a text without the tokens and rejoin keys of consoles."""
    return _SECRET.sub(r'\1...', text)


def _split(url: str) -> parse.SplitResult:
    if any(one.isspace() or not one.isprintable() for one in url):
        raise InvalidURL('The URL contains a space or a control character.')
    try:
        parts = parse.urlsplit(url)
        # Encoding the host and reading the port validate them.
        usable = bool((parts.hostname or '').encode('idna')) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidURL('The URL has no host, or an invalid host or port.')
    return parts
