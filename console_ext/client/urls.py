# SPDX-License-Identifier: Apache-2.0
"""The URLs of consoles: which can be opened, and what may be said of one."""

from __future__ import annotations

import re
from urllib import parse

from console_ext.printable import printable

_PAGES = {'ws': 'http', 'wss': 'https', 'http': 'http', 'https': 'https'}

# In a query, and in a query inside a query as noVNC has it.
_TOKEN = re.compile(r'(?i)(token(?:=|%3d))[^\s&"\'<>\\]+')


class InvalidURL(ValueError):
    """A text is no URL of a console; the text of the error quotes nothing of it."""


def websocket(url: str) -> str:
    """A URL that a WebSocket client can open, unchanged.

    :raises InvalidURL: it is none
    """
    if _split(url).scheme not in ('ws', 'wss'):
        raise InvalidURL('The URL does not begin with ws:// or wss://.')
    return url


def page(url: str) -> str:
    """The URL of the page that shows a console in a browser.

    The page of a serial console has the console's own URL, with ``http`` in the place
    of ``ws``.

    :raises InvalidURL: no browser opens it
    """
    parts = _split(url)
    if parts.scheme not in _PAGES:
        raise InvalidURL(
            'The URL does not begin with ws://, wss://, http:// or https://.'
        )
    return parse.urlunsplit(parts._replace(scheme=_PAGES[parts.scheme]))


def place(url: str) -> str:
    """Host and port, for a message."""
    parts = _split(url)
    host = parts.hostname or ''
    shown = f'[{host}]' if ':' in host else host
    return printable(shown if parts.port is None else f'{shown}:{parts.port}')


def without_tokens(text: str) -> str:
    """A text of others, without the tokens of consoles in it."""
    return _TOKEN.sub(r'\1...', text)


def _split(url: str) -> parse.SplitResult:
    if any(one.isspace() or not one.isprintable() for one in url):
        raise InvalidURL('The URL has a space or a control character in it.')
    try:
        parts = parse.urlsplit(url)
        # Reading the port checks it.
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InvalidURL('The URL names no host, or no port that there is.')
    return parts
