# SPDX-License-Identifier: Apache-2.0
"""A client of an API that is a process of its own."""

from __future__ import annotations

import json
from typing import Any

import requests

from tests.deployment import PROJECT_A, server_id
from tests.functional.client import SERIAL, TOKENS

TIMEOUT_S = 60


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
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        """
        :param path: in it, {server} and {project} are filled in
        :param by: a name of TOKENS; None for no token
        :param body: bytes, or an iterable of them to be sent in chunks
        """
        # uwsgi ends each connection, and need not say so.
        headers = {'Connection': 'close', **(headers or {})}
        token = TOKENS[by] if by else None
        if token is not None:
            headers['X-Auth-Token'] = token
        path = path.format(server=server_id(number), project=PROJECT_A)
        return requests.request(
            method,
            self.url + path,
            data=body,
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
        """Ask for a console of one of the usual servers."""
        return self.request(
            'POST',
            path,
            by=by,
            number=number,
            body=json.dumps(body).encode(),
            headers={'Content-Type': 'application/json', **(headers or {})},
        )
