# SPDX-License-Identifier: Apache-2.0
"""The URL of a console, with the token that opens it."""

from __future__ import annotations

from urllib import parse

# The page of noVNC opens a WebSocket at the path in its own query, and looks for the
# token nowhere else.
_TYPES_WITH_A_PATH = frozenset({'novnc'})


def build(base_url: str, console_type: str, token: str) -> str:
    """The base URL with the token in its query, beside whatever stands there.

    For noVNC the token is inside the value of ``path``, as Nova has it
    (nova/objects/console_auth_token.py).
    """
    parts = parse.urlsplit(base_url)
    own = parse.urlencode({'token': token})
    if console_type in _TYPES_WITH_A_PATH:
        fields = parse.parse_qsl(parts.query, keep_blank_values=True)
        if 'path' not in dict(fields):
            fields.insert(0, ('path', ''))
        query = parse.urlencode(
            [(k, f'{v}?{own}' if k == 'path' else v) for k, v in fields]
        )
    else:
        query = f'{parts.query}&{own}' if parts.query else own
    return parse.urlunsplit(parts._replace(query=query))


def replace_token(url: str, token: str, new_token: str) -> str:
    """A URL that a compute host has made, with another token.

    :raises ValueError: the host's token is not in it, or not only once: what would be
        left of it is not known.  The text quotes neither
    """
    encoded = parse.quote(token, safe='')
    if not token or url.count(encoded) != 1:
        raise ValueError('the token is not in the URL, once')
    return url.replace(encoded, parse.quote(new_token, safe=''))
