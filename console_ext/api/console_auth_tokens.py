# SPDX-License-Identifier: Apache-2.0
"""The resource ``os-console-auth-tokens``: the address of a token's console.

It is for proxies with an administrator's role, such as Kerbside for ``spice-direct``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import webob.exc
from oslo_config import cfg
from oslo_policy import policy as oslo_policy

from console_ext import exceptions, wsgi
from console_ext.api.policies import console_auth_tokens as policies
from console_ext.api.schemas import console_auth_tokens as schemas
from console_ext.consoles import SPICE_DIRECT
from console_ext.store import load_store
from console_ext.wsgi import validation
from console_ext.wsgi.microversions import Version

if TYPE_CHECKING:
    from console_ext.store.store import Store

_WITH_TLS_PORT = Version(2, 99)


class ConsoleAuthTokensController(wsgi.Controller):
    """Reads authorizations without redeeming them.

    :param store: None if no store is configured; then the wrapped API answers
    """

    def __init__(self, store: Store | None):
        self._store = store

    @wsgi.api_version('2.1', '2.30')
    @wsgi.authorize(policies.BASE)
    @wsgi.serves(lambda controller, body: False)
    def show(self, request: wsgi.Request, console_token: str) -> dict[str, Any]:
        # Nova's answer: at these versions the resource was for RDP consoles only.
        raise webob.exc.HTTPBadRequest

    @wsgi.api_version('2.31')  # type: ignore[no-redef]
    @wsgi.authorize(policies.BASE)
    @wsgi.expected_errors(400, 404, 503)
    @validation.query_schema(schemas.SHOW_QUERY, '2.31', '2.98')
    @validation.query_schema(schemas.SHOW_QUERY_2_99, '2.99')
    @validation.response_body_schema(schemas.SHOWN, '2.31', '2.98')
    @validation.response_body_schema(schemas.SHOWN_2_99, '2.99')
    def show(  # noqa: F811
        self, request: wsgi.Request, console_token: str
    ) -> dict[str, Any]:
        """
        :raises Declined: the store does not have the token; it may be nova-compute's
        """
        found = None if self._store is None else self._store.find(console_token)
        if found is None:
            raise wsgi.Declined(exceptions.TokenNotFound())
        console = {
            'instance_uuid': found.server_id,
            'host': found.host,
            'port': found.port,
            'internal_access_path': found.internal_access_path,
        }
        is_direct = found.console_type == SPICE_DIRECT.type
        if is_direct and (request.version or Version(2, 1)) >= _WITH_TLS_PORT:
            console['tls_port'] = found.tls_port
        return {'console': console}


class ConsoleAuthTokens(wsgi.V21APIExtensionBase):
    """The address of a token's console, for proxies."""

    name = 'ConsoleAuthTokens'
    alias = 'os-console-auth-tokens'
    version = 1

    def __init__(self, conf: cfg.ConfigOpts):
        super().__init__(conf)
        self._store = load_store(conf)

    def get_resources(self) -> Iterable[wsgi.ResourceExtension]:
        return [
            wsgi.ResourceExtension(
                'os-console-auth-tokens',
                ConsoleAuthTokensController(self._store),
                id_name='console_token',
            )
        ]

    def get_policies(self) -> Iterable[oslo_policy.RuleDefault]:
        return policies.list_rules()

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
