# SPDX-License-Identifier: Apache-2.0
"""Builds the URL of a console, with the token that opens it."""

from __future__ import annotations

from urllib import parse

from console_ext.consoles import ConsoleType


def build(base_url: str, console_type: ConsoleType, token: str) -> str:
    """Add the token to the query of a base URL.

    If the type has ``token_in_path``, it goes into the value of ``path`` in this query,
    as in Nova (nova/objects/console_auth_token.py).
    """
    parts = parse.urlsplit(base_url)
    own = parse.urlencode({'token': token})
    if console_type.token_in_path:
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
    """Replace the token in a URL that a compute host has made.

    :raises ValueError: the host's token is not in the URL exactly once, so that it
        might not be removed.  The text quotes neither the URL nor the token.
    """
    encoded = parse.quote(token, safe='')
    if not token or url.count(encoded) != 1:
        raise ValueError('the URL does not contain the token exactly once')
    return url.replace(encoded, parse.quote(new_token, safe=''))
