# SPDX-License-Identifier: Apache-2.0
"""A client of an API in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import requests

from tests.parts.api_client import SERIAL, TOKENS
from tests.parts.deployment import PROJECT_A, server_id

TIMEOUT_S = 60

_CHUNK_BYTES = 4096


class Client:
    """
    :param url: of the API's root
    """

    def __init__(self, url: str):
        self.url = url

    def request(
        self,
        method: str,
        path: str,
        *,
        by: str | None = 'alice',
        number: str = '01',
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        chunked: bool = False,
    ) -> requests.Response:
        """
        :param path: in it, {server} and {project} are filled in
        :param by: a name of TOKENS; None for no token
        :param chunked: send the body in chunks, and no length
        """
        # uwsgi closes each connection, sometimes without a header.
        headers = {'Connection': 'close', **(headers or {})}
        token = TOKENS[by] if by else None
        if token is not None:
            headers['X-Auth-Token'] = token
        path = path.format(server=server_id(number), project=PROJECT_A)
        return requests.request(
            method,
            self.url + path,
            # An iterator is sent in chunks, which uwsgi leaves to the application.
            data=_pieces(body) if chunked and body else body,
            headers=headers,
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )

    def get(self, path: str, **how: Any) -> requests.Response:
        return self.request('GET', path, **how)

    def console(
        self,
        number: str = '01',
        body: dict[str, Any] = SERIAL,
        *,
        by: str = 'alice',
        path: str = '/v2.1/servers/{server}/action',
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        """Request a console of one of the usual servers."""
        return self.request(
            'POST',
            path,
            by=by,
            number=number,
            body=json.dumps(body).encode(),
            headers={'Content-Type': 'application/json', **(headers or {})},
        )


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), _CHUNK_BYTES):
        yield body[start : start + _CHUNK_BYTES]
