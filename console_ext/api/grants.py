# SPDX-License-Identifier: Apache-2.0
"""Grants consoles: calls the compute host, stores the token and builds the URL."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from oslo_config import cfg

from console_ext import access_url, exceptions
from console_ext import conf as config
from console_ext.consoles import TYPES, ConsoleType
from console_ext.context import RequestContext
from console_ext.rpc.client import ComputeClient, ConnectInfo
from console_ext.rpc.instance import Instance
from console_ext.servers.base import Server
from console_ext.store.authorization import Authorization

if TYPE_CHECKING:
    from console_ext.store.store import Store

# Nova refuses these two itself (nova/compute/api.py, reject_instance_state).
_TASKS_WITHOUT_CONSOLE = frozenset({'deleting', 'migrating'})

# In these states no guest is running.  Nova returns a URL that does not work, or, if
# the port belongs to another server now, opens that server's console (CVE-2014-8750).
_STATES_WITHOUT_CONSOLE = frozenset(
    {'stopped', 'suspended', 'shelved', 'shelved_offloaded', 'soft-delete', 'deleted'}
)

# 256 bits, more than RFC 6749, section 10.10 requires.
_TOKEN_BYTES = 32


class Grants:
    """Grants consoles of servers.

    :param store: the store of authorizations, for console-ext-proxy; None if Nova's own
        proxies serve the consoles
    """

    def __init__(
        self, conf: cfg.ConfigOpts, compute: ComputeClient, store: Store | None
    ):
        self._compute = compute
        self._store = store
        self._ttl_s = conf.consoleauth.token_ttl
        self._base_urls = {
            one: conf[one.group][one.base_url]
            for one in TYPES
            if config.is_set(conf, one.base_url, one.group)
        }

    def url(
        self, context: RequestContext, server: Server, console_type: ConsoleType
    ) -> str:
        """Return the URL of a console, with a token that opens it.

        :raises ServerNotReady, ServerStateConflict: the server has no console now
        :raises ConsoleError, ComputeUnavailable, UnexpectedReply: the call to the
            compute host has failed
        :raises StoreUnavailable: the token cannot be stored
        """
        host = reachable_host(server, console_type.rpc_method)
        asked = Instance(server.id, server.database_id, server.vm_state)
        info = self._compute.get_console(
            context, host, asked, console_type, server.bus_url
        )
        if self._store is None:
            return info.access_url
        # The host's own token is not returned to the user, because Nova's proxies would
        # accept it any number of times.
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        url = self._url(info, console_type, host, token)
        authorization = Authorization(
            console_type=console_type.type,
            server_id=server.id,
            project_id=server.project_id,
            user_id=context.user_id or '',
            compute_host=host,
            cell=server.cell,
            host=info.host,
            port=info.port,
            tls_port=info.tls_port,
            # As Nova stores it: native clients speak SPICE from the first byte.
            internal_access_path=(
                None if console_type.native_clients else info.internal_access_path
            ),
        )
        self._store.issue(token, authorization, self._ttl_s)
        return url

    def _url(
        self, info: ConnectInfo, console_type: ConsoleType, host: str, token: str
    ) -> str:
        """
        :raises UnexpectedReply: the host's URL does not contain the host's token
        """
        base_url = self._base_urls.get(console_type)
        if base_url is not None:
            return access_url.build(base_url, console_type, token)
        try:
            return access_url.replace_token(info.access_url, info.token, token)
        except ValueError as error:
            raise exceptions.UnexpectedReply(
                host,
                f'{console_type.rpc_method} returned a URL without its token: {error}',
            ) from None


def reachable_host(server: Server, operation: str) -> str:
    """Return the compute host to call for a console.

    :param operation: Nova's name of the operation (``get_serial_console``)
    :raises ServerNotReady: the server has no host
    :raises ServerStateConflict: the server has no console in its current state
    """
    if server.host is None:
        raise exceptions.ServerNotReady(server.id)
    for attribute, state, without_console in (
        ('task_state', server.task_state, _TASKS_WITHOUT_CONSOLE),
        ('vm_state', server.vm_state, _STATES_WITHOUT_CONSOLE),
    ):
        if state in without_console:
            raise exceptions.ServerStateConflict(server.id, operation, attribute, state)
    return server.host
