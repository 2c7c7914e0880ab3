# SPDX-License-Identifier: Apache-2.0
"""The parts of a request that are relevant for admission, and the secrets in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib import parse

from websockets.datastructures import Headers

from console_ext.proxy import networks
from console_ext.proxy.admission.client_address import client_address

TOKEN = 'token'  # noqa: S105 - a name, not a secret

# The key that opens a session again.
REJOIN = 'rejoin'

# noVNC's page finds the path of its WebSocket in it, and the token in that.
PATH = 'path'

MAX_QUERY_FIELDS = 20


@dataclass(frozen=True, slots=True)
class ConsoleRequest:
    """A request to open a console; query and cookies are not in its ``repr``.

    :param path: as it was sent; it is not decoded, so that it has a single spelling
    :param origins: all Origin headers
    :param client: the client's address
    """

    path: str
    query: str = field(repr=False)
    cookies: tuple[str, ...] = field(repr=False)
    origins: tuple[str, ...]
    client: str


def console_request(
    target: str, headers: Headers, peer: str, trusted: networks.Networks
) -> ConsoleRequest:
    """
    :param target: the request target: path and query
    :param peer: the address of the connection
    """
    path, _, query = target.partition('?')
    return ConsoleRequest(
        path,
        query,
        cookies=tuple(headers.get_all('Cookie')),
        origins=tuple(headers.get_all('Origin')),
        client=client_address(peer, headers.get_all('X-Forwarded-For'), trusted),
    )


def tokens(request: ConsoleRequest, *, cookie: bool) -> set[str]:
    """Return all tokens in the request, without empty ones.

    :param cookie: whether the cookie ``token`` counts, as sent by spice-html5's own
        page and by tempest
    :raises ValueError: the query has too many fields
    """
    found = set(_in_query(request.query))
    if cookie:
        found.update(_in_cookies(request.cookies))
    return found - {''}


def rejoin_keys(request: ConsoleRequest) -> set[str]:
    """Return all rejoin keys in the request, without empty ones.

    :raises ValueError: the query has too many fields
    """
    fields = parse.parse_qsl(request.query, max_num_fields=MAX_QUERY_FIELDS)
    return {value for name, value in fields if name == REJOIN} - {''}


def _in_query(query: str) -> Iterable[str]:
    for name, value in parse.parse_qsl(query, max_num_fields=MAX_QUERY_FIELDS):
        if name == TOKEN:
            yield value
        elif name == PATH:
            inner = value.partition('?')[2]
            fields = parse.parse_qsl(inner, max_num_fields=MAX_QUERY_FIELDS)
            yield from (value for name, value in fields if name == TOKEN)


def _in_cookies(headers: Iterable[str]) -> Iterable[str]:
    # Not http.cookies, which drops or refuses all cookies if one is malformed, such as
    # a cookie of another application on this host.
    for header in headers:
        for pair in header.split(';'):
            name, _, value = pair.partition('=')
            if name.strip() == TOKEN:
                yield value.strip().strip('"')
