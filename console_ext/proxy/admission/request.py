# SPDX-License-Identifier: Apache-2.0
"""What of a request matters to admission, and the tokens in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib import parse

from websockets.datastructures import Headers

from console_ext.proxy import networks
from console_ext.proxy.admission.client_address import client_address

TOKEN = 'token'  # noqa: S105 - a name, not a secret

# noVNC's page finds the path of its WebSocket in it, and the token in that.
PATH = 'path'

MAX_QUERY_FIELDS = 20


@dataclass(frozen=True, slots=True)
class ConsoleRequest:
    """A request to open a console; neither its query nor its cookies show in logs.

    :param path: as it was sent: nothing is decoded, so there is one way to write it
    :param origins: every Origin header
    :param client: the address it comes from
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
    :param target: the request's target, path and query
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
    """Every token that the request names; an empty one is none.

    :param cookie: whether it may be in the cookie ``token``, as spice-html5's own page
        and tempest send it
    :raises ValueError: the query has more fields than any client's
    """
    found = set(_in_query(request.query))
    if cookie:
        found.update(_in_cookies(request.cookies))
    return found - {''}


def _in_query(query: str) -> Iterable[str]:
    for name, value in parse.parse_qsl(query, max_num_fields=MAX_QUERY_FIELDS):
        if name == TOKEN:
            yield value
        elif name == PATH:
            inner = value.partition('?')[2]
            fields = parse.parse_qsl(inner, max_num_fields=MAX_QUERY_FIELDS)
            yield from (value for name, value in fields if name == TOKEN)


def _in_cookies(headers: Iterable[str]) -> Iterable[str]:
    # Not http.cookies: one malformed cookie of some other application on this host
    # would make it drop, or refuse, them all.
    for header in headers:
        for pair in header.split(';'):
            name, _, value = pair.partition('=')
            if name.strip() == TOKEN:
                yield value.strip().strip('"')
