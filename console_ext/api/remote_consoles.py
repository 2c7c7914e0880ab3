# SPDX-License-Identifier: Apache-2.0
"""``os-getSerialConsole`` and ``os-getSPICEConsole``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from oslo_config import cfg
from oslo_policy import policy as oslo_policy

from console_ext import consoles, exceptions, wsgi
from console_ext.api import policies, schemas
from console_ext.consoles import ConsoleType
from console_ext.context import RequestContext
from console_ext.rpc.client import ComputeClient
from console_ext.rpc.instance import Instance
from console_ext.servers.base import Server
from console_ext.store import load_store
from console_ext.store.authorization import Authorization
from console_ext.wsgi import validation

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


# Later microversions have the resource ``remote-consoles`` in place of the actions.
_LAST_WITH_ACTIONS = '2.5'


def _action(name: str) -> Callable[..., dict[str, Any]]:
    """The controller's method for an action: all but its names is the same for each."""
    console_type = consoles.by_action(name)

    @wsgi.action(name)
    @wsgi.api_version(console_type.since, _LAST_WITH_ACTIONS)
    @wsgi.authorize(policies.rule_of(console_type))
    @wsgi.expected_errors(400, 404, 409, 501, 503)
    @validation.schema(schemas.request(console_type))
    @validation.response_body_schema(schemas.response(console_type))
    def get_console(
        controller: RemoteConsolesController,
        request: wsgi.Request,
        server: Server,
        body: dict[str, Any],
    ) -> dict[str, Any]:
        return controller.console(request.context, server, console_type)

    return get_console


class RemoteConsolesController:
    """Asks the server's compute host where the console is, and for a token.

    :param store: where the token is noted, for a proxy of ours to find; None where the
        compute service's own proxies know what it gave out
    :param ttl_s: how long the token can open a session
    """

    def __init__(self, compute: ComputeClient, store: Store | None, ttl_s: float):
        self._compute = compute
        self._store = store
        self._ttl_s = ttl_s

    get_serial_console = _action('os-getSerialConsole')
    get_spice_console = _action('os-getSPICEConsole')
    get_vnc_console = _action('os-getVNCConsole')

    def console(
        self, context: RequestContext, server: Server, console_type: ConsoleType
    ) -> dict[str, Any]:
        """The answer of an action: the type, and a URL that holds a token.

        :raises ServerNotReady, ServerStateConflict: the server cannot have one now
        :raises ConsoleError, ComputeUnavailable, UnexpectedReply: as its host says
        :raises StoreUnavailable: the token cannot be noted
        """
        host = _reachable_host(server, console_type.rpc_method)
        asked = Instance(server.id, server.database_id, server.vm_state)
        info = self._compute.get_console(
            context, host, asked, console_type, server.bus_url
        )
        if self._store is not None:
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
            self._store.issue(info.token, authorization, self._ttl_s)
        return {'console': {'type': console_type.type, 'url': info.access_url}}


def _reachable_host(server: Server, operation: str) -> str:
    """The host to ask.

    :param operation: what is asked for, by Nova's name (``get_serial_console``)
    :raises ServerNotReady: it has no host
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


class RemoteConsoles(wsgi.V21APIExtensionBase):
    """URLs of the serial and SPICE consoles of servers."""

    name = 'RemoteConsoles'
    alias = 'os-remote-consoles'
    version = 1

    def __init__(self, conf: cfg.ConfigOpts):
        super().__init__(conf)
        self._compute = ComputeClient(conf)
        self._store = load_store(conf)

    def get_controller_extensions(self) -> Iterable[wsgi.ControllerExtension]:
        controller = RemoteConsolesController(
            self._compute, self._store, self.conf.consoleauth.token_ttl
        )
        return [wsgi.ControllerExtension(self, 'servers', controller)]

    def get_policies(self) -> Iterable[oslo_policy.RuleDefault]:
        return policies.list_rules()

    def close(self) -> None:
        self._compute.close()
        if self._store is not None:
            self._store.close()
