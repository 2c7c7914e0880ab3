# SPDX-License-Identifier: Apache-2.0
"""One console granted: its compute host asked, its token noted, its URL built."""

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

# These have no guest running.  Nova hands out a URL that cannot open, or, where the
# port was given to another server since, one that opens that server's console
# (CVE-2014-8750).
_STATES_WITHOUT_CONSOLE = frozenset(
    {'stopped', 'suspended', 'shelved', 'shelved_offloaded', 'soft-delete', 'deleted'}
)

# 256 bits, as RFC 6749 section 10.10 has it with room to spare.
_TOKEN_BYTES = 32


class Grants:
    """Grants consoles of servers.

    :param store: where tokens are noted, for a proxy of ours to find; None where the
        compute service's own proxies know the tokens that its hosts make
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
        """The URL of a console; it holds a token that opens it.

        :raises ServerNotReady, ServerStateConflict: the server cannot have one now
        :raises ConsoleError, ComputeUnavailable, UnexpectedReply: as its host says
        :raises StoreUnavailable: the token cannot be noted
        """
        host = reachable_host(server, console_type.rpc_method)
        asked = Instance(server.id, server.database_id, server.vm_state)
        info = self._compute.get_console(
            context, host, asked, console_type, server.bus_url
        )
        if self._store is None:
            return info.access_url
        # The host's own token opens the console on the compute service's proxies, too,
        # and as often as one likes: nobody gets to see it.
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
            internal_access_path=info.internal_access_path,
        )
        self._store.issue(token, authorization, self._ttl_s)
        return url

    def _url(
        self, info: ConnectInfo, console_type: ConsoleType, host: str, token: str
    ) -> str:
        """
        :raises UnexpectedReply: the host's URL does not hold the host's token
        """
        base_url = self._base_urls.get(console_type)
        if base_url is not None:
            return access_url.build(base_url, console_type.type, token)
        try:
            return access_url.replace_token(info.access_url, info.token, token)
        except ValueError as error:
            raise exceptions.UnexpectedReply(
                host,
                f'{console_type.rpc_method} answered a URL without its token: {error}',
            ) from None


def reachable_host(server: Server, operation: str) -> str:
    """The compute host to ask for a console.

    :param operation: what is asked for, by Nova's name (``get_serial_console``)
    :raises ServerNotReady: the server has no host
    :raises ServerStateConflict: in its state it has no console
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
