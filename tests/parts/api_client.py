# SPDX-License-Identifier: Apache-2.0
"""A client of an API in this process."""

from __future__ import annotations

import json
from typing import Any

import webob
from paste import deploy

from tests.parts.deployment import PROJECT_A, PROJECT_B, Deployment, server_id

# The caller, as in a noauth token.
TOKENS = {
    'alice': f'alice:{PROJECT_A}:member,reader',
    'bob': f'bob:{PROJECT_B}:member,reader',
    'rita': f'rita:{PROJECT_A}:reader',
    'nora': f'nora:{PROJECT_A}:',
    'root': f'root:{PROJECT_A}:admin,manager,member,reader',
    'rootb': f'rootb:{PROJECT_B}:admin,manager,member,reader',
    'sys': 'sys:system:admin,member,reader',
    'nobody': None,
}

SERIAL = {'os-getSerialConsole': {'type': 'serial'}}
SPICE = {'os-getSPICEConsole': {'type': 'spice-html5'}}
VNC = {'os-getVNCConsole': {'type': 'novnc'}}


class Client:
    """
    :param application: a pipeline whose innermost application can be closed
    """

    def __init__(self, application: Any):
        self._application = application

    @classmethod
    def of(cls, deployment: Deployment) -> Client:
        """The pipeline of the deployment's configuration."""
        conf = deployment.conf()
        return cls(
            deploy.loadapp(
                f'config:{conf.api.paste_config}',
                name=conf.api.auth_strategy,
                global_conf={'config_files': str(deployment.config_file)},
            )
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        inner = self._application
        while not hasattr(inner, 'close'):
            inner = next(
                getattr(inner, name)
                for name in ('application', '_application', '_app')
                if hasattr(inner, name)
            )
        inner.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        by: str | None = 'alice',
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        chunked: bool = False,
    ) -> webob.Response:
        """
        :param by: a name of TOKENS; None for no token
        :param chunked: send no length, as a server does that leaves chunks alone
        """
        environ: dict[str, Any] = {'REMOTE_ADDR': '127.0.0.1'}
        request = webob.Request.blank(path, environ, method=method, headers=headers)
        token = TOKENS[by] if by else None
        if token is not None:
            request.headers['X-Auth-Token'] = token
        if body is not None:
            request.body = body
        if chunked:
            request.content_length = None
            request.headers['Transfer-Encoding'] = 'chunked'
        return request.get_response(self._application)

    def get(self, path: str, *, by: str = 'alice') -> webob.Response:
        return self.request('GET', path, by=by)

    def console(
        self,
        number: str = '01',
        body: dict[str, Any] = SERIAL,
        *,
        by: str = 'alice',
        version: str | None = None,
    ) -> webob.Response:
        """Request a console of one of the usual servers."""
        headers = {'Content-Type': 'application/json'}
        if version is not None:
            headers['OpenStack-API-Version'] = f'compute {version}'
        return self.request(
            'POST',
            f'/v2.1/servers/{server_id(number)}/action',
            by=by,
            body=json.dumps(body).encode(),
            headers=headers,
        )
