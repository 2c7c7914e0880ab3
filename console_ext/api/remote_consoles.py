# SPDX-License-Identifier: Apache-2.0
"""The resource ``remote-consoles`` of servers, and the actions that it replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from oslo_config import cfg
from oslo_policy import policy as oslo_policy

from console_ext import consoles, exceptions, wsgi
from console_ext.api import grants
from console_ext.api.grants import Grants
from console_ext.api.policies import remote_consoles as policies
from console_ext.api.schemas import remote_consoles as schemas
from console_ext.rpc.client import ComputeClient
from console_ext.servers.base import Server
from console_ext.store import load_store
from console_ext.wsgi import validation

# Later microversions have the resource in place of the actions.
_LAST_WITH_ACTIONS = '2.5'
_FIRST_WITH_RESOURCE = '2.6'

# A protocol in Nova's schema that no compute host supports any more.
_WITHOUT_HOSTS = 'rdp'


class Served:
    """The console types that this deployment serves.

    :param names: the value of ``[api] console_types``
    """

    def __init__(self, names: Iterable[str]):
        self._types = frozenset(map(consoles.by_type, names))
        self._protocols = {one.protocol for one in self._types if one is not None}

    def __contains__(self, console_type: object) -> bool:
        return console_type in self._types

    def takes(self, body: Any) -> bool:
        """Whether this extension answers a request for ``remote-consoles``.

        The protocol decides.  A request without a protocol is refused here.

        :param body: any JSON
        """
        asked = body.get('remote_console') if isinstance(body, dict) else None
        protocol = asked.get('protocol') if isinstance(asked, dict) else None
        return not isinstance(protocol, str) or protocol in self._protocols


def _action(name: str) -> Callable[..., dict[str, Any]]:
    """Return the controller's method for an action; they only differ in their names."""
    console_type = consoles.by_action(name)

    def serves(controller: RemoteConsolesController, body: Any) -> bool:
        return console_type in controller.served

    @wsgi.action(name)
    @wsgi.api_version(console_type.since, _LAST_WITH_ACTIONS)
    @wsgi.authorize(policies.rule_of(console_type))
    @wsgi.expected_errors(400, 404, 409, 501, 503)
    @wsgi.serves(serves)
    @validation.schema(schemas.action(console_type))
    @validation.response_body_schema(schemas.action_response(console_type))
    def get_console(
        controller: RemoteConsolesController,
        request: wsgi.Request,
        server: Server,
        body: dict[str, Any],
    ) -> dict[str, Any]:
        url = controller.url(request, server, console_type.protocol, body[name]['type'])
        return {'console': {'type': console_type.type, 'url': url}}

    return get_console


class RemoteConsolesController:
    """Returns URLs of consoles.

    :param served: the types to serve; the wrapped API answers requests for others
    """

    def __init__(self, granted: Grants, served: Served):
        self._grants = granted
        self.served = served

    get_serial_console = _action('os-getSerialConsole')
    get_spice_console = _action('os-getSPICEConsole')
    get_vnc_console = _action('os-getVNCConsole')

    @wsgi.api_version(_FIRST_WITH_RESOURCE)
    @wsgi.authorize(policies.rule_of_body, policies.ALL)
    @wsgi.expected_errors(400, 404, 409, 501, 503)
    @wsgi.serves(lambda controller, body: controller.served.takes(body))
    @validation.schema(schemas.CREATE_2_6, _FIRST_WITH_RESOURCE, '2.7')
    @validation.schema(schemas.CREATE_2_8, '2.8', '2.98')
    @validation.schema(schemas.CREATE_2_99, '2.99')
    @validation.response_body_schema(schemas.CREATED)
    def create(
        self, request: wsgi.Request, server: Server, body: dict[str, Any]
    ) -> dict[str, Any]:
        asked = body['remote_console']
        url = self.url(request, server, asked['protocol'], asked['type'])
        return {'remote_console': {**asked, 'url': url}}

    def url(
        self, request: wsgi.Request, server: Server, protocol: str, name: str
    ) -> str:
        """Return the URL for the protocol and the type of a request.

        :raises InvalidConsoleType, ConsoleTypeUnavailable: there is no such console
        :raises ConsoleExtError: the errors of :meth:`Grants.url`
        """
        if protocol == _WITHOUT_HOSTS:
            # The text that Nova intends, although WebOb's text replaces it there.
            raise exceptions.ConsoleTypeUnavailable(protocol)
        console_type = consoles.by_pair(protocol, name)
        if console_type is not None and console_type in self.served:
            return self._grants.url(request.context, server, console_type)
        # Checks the server's state first, because Nova checks the type on the host.
        grants.reachable_host(server, f'get_{protocol}_console')
        known = any(one.protocol == protocol for one in consoles.TYPES)
        if known and console_type is None:
            raise exceptions.InvalidConsoleType(name)
        raise exceptions.ConsoleTypeUnavailable(name)


class RemoteConsoles(wsgi.V21APIExtensionBase):
    """URLs of the serial, SPICE and VNC consoles of servers."""

    name = 'RemoteConsoles'
    alias = 'os-remote-consoles'
    version = 1

    def __init__(self, conf: cfg.ConfigOpts):
        super().__init__(conf)
        self._compute = ComputeClient(conf)
        self._store = load_store(conf)
        self._controller = RemoteConsolesController(
            Grants(conf, self._compute, self._store), Served(conf.api.console_types)
        )

    def get_controller_extensions(self) -> Iterable[wsgi.ControllerExtension]:
        return [wsgi.ControllerExtension(self, 'servers', self._controller)]

    def get_resources(self) -> Iterable[wsgi.ResourceExtension]:
        return [
            wsgi.ResourceExtension(
                'remote-consoles', self._controller, parent=('servers', 'server')
            )
        ]

    def get_policies(self) -> Iterable[oslo_policy.RuleDefault]:
        return policies.list_rules()

    def close(self) -> None:
        self._compute.close()
        if self._store is not None:
            self._store.close()
