# SPDX-License-Identifier: Apache-2.0
"""The stand-alone API: a minimal compute API with the extensions in front of it.

It lists and shows the servers of the inventory, which is what clients need before they
request a console.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import webob.exc
from oslo_config import cfg
from oslo_policy import policy as oslo_policy

from console_ext import conf as config
from console_ext import exceptions
from console_ext.policy import PROJECT_READER_OR_ADMIN, Policy
from console_ext.servers import base as look_ups
from console_ext.servers import nova
from console_ext.servers.base import Server
from console_ext.servers.inventory import InventoryLookUp
from console_ext.wsgi import declarations, loader, microversions
from console_ext.wsgi.body_size import max_body_bytes
from console_ext.wsgi.filter import Filter
from console_ext.wsgi.operation import Operation
from console_ext.wsgi.request import Request, select
from console_ext.wsgi.resource import Resource, error_response
from console_ext.wsgi.router import Router

_INDEX = 'os_compute_api:servers:index'
_DETAIL = 'os_compute_api:servers:detail'
_SHOW = 'os_compute_api:servers:show'

MAX_LISTED = 1000

# The status that users see for each vm_state (nova/api/openstack/common.py).
_STATUSES = {
    'active': 'ACTIVE',
    'building': 'BUILD',
    'stopped': 'SHUTOFF',
    'rescued': 'RESCUE',
    'resized': 'VERIFY_RESIZE',
    'soft-delete': 'SOFT_DELETED',
}


def policies() -> list[oslo_policy.DocumentedRuleDefault]:
    """Return the policy rules of the minimal API, which have Nova's names."""
    return [
        oslo_policy.DocumentedRuleDefault(
            name,
            PROJECT_READER_OR_ADMIN,
            description,
            [{'method': 'GET', 'path': path}],
            scope_types=['project'],
        )
        for name, description, path in (
            (_INDEX, 'List servers.', '/servers'),
            (_DETAIL, 'List servers with their details.', '/servers/detail'),
            (_SHOW, 'Show a server.', '/servers/{server_id}'),
        )
    ]


class ServersController:
    """Lists and shows the servers of the inventory that the caller may see."""

    def __init__(self, inventory: InventoryLookUp):
        self._inventory = inventory

    @declarations.authorize(_INDEX)
    def index(self, request: Request) -> dict[str, Any]:
        return {'servers': [_brief(request, one) for one in self._listed(request)]}

    @declarations.authorize(_DETAIL)
    def detail(self, request: Request) -> dict[str, Any]:
        return {'servers': [_full(request, one) for one in self._listed(request)]}

    @declarations.authorize(_SHOW)
    def show(self, request: Request, server: Server) -> dict[str, Any]:
        return {'server': _full(request, server)}

    def _listed(self, request: Request) -> list[Server]:
        """Return the servers selected by name, limit, marker and all_tenants."""
        try:
            query = request.GET
        except UnicodeDecodeError:
            raise webob.exc.HTTPBadRequest(
                explanation='The query is not UTF-8'
            ) from None
        all_projects = request.context.is_admin and query.get('all_tenants') in (
            '1',
            'True',
        )
        project_id = None if all_projects else request.context.project_id
        name = query.get('name')
        limit = _limit(query.get('limit'))
        marker = query.get('marker')
        servers: list[Server] = []
        for server in self._inventory.of_project(project_id):
            if marker is not None:
                if server.id == marker:
                    marker = None
            elif name is None or name in server.name:
                servers.append(server)
                if len(servers) == limit:
                    break
        if marker is not None:
            raise webob.exc.HTTPBadRequest(explanation=f'marker [{marker}] not found')
        return servers


def _limit(text: str | None) -> int:
    if text is None:
        return MAX_LISTED
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise webob.exc.HTTPBadRequest(explanation='limit must be a number')
    return min(int(text), MAX_LISTED) or MAX_LISTED


def _brief(request: Request, server: Server) -> dict[str, Any]:
    href = f'{request.application_url}/servers/{server.id}'
    return {
        'id': server.id,
        'name': server.name,
        'links': [{'rel': 'self', 'href': href}],
    }


def _full(request: Request, server: Server) -> dict[str, Any]:
    vm_state = server.vm_state or 'active'
    return {
        **_brief(request, server),
        'status': _STATUSES.get(vm_state, vm_state.upper()),
        'tenant_id': server.project_id,
        'user_id': server.user_id,
        'metadata': {},
        'addresses': {},
        'OS-EXT-STS:vm_state': server.vm_state,
        'OS-EXT-STS:task_state': server.task_state,
        'OS-EXT-STS:power_state': server.power_state,
        **({'OS-EXT-SRV-ATTR:host': server.host} if request.context.is_admin else {}),
    }


class ComputeAPI:
    """The minimal compute API.

    :param extension_actions: the actions of the filter's extensions.  A request for
        one of them arrives here only if the action does not exist at its microversion.
    """

    def __init__(
        self,
        inventory: InventoryLookUp,
        policy: Policy,
        extension_actions: frozenset[str],
        supported: microversions.Range,
    ):
        self._resource = Resource(policy, inventory, supported)
        self._extension_actions = extension_actions
        self._router = Router()
        controller = ServersController(inventory)
        for path, method, names_server in (
            ('/servers', controller.index, False),
            ('/servers/detail', controller.detail, False),
            ('/servers/{server_id}', controller.show, True),
        ):
            operation = Operation.compile('compute', method, names_server=names_server)
            self._router.connect('GET', path, operation)
        self._router.connect('POST', '/servers/{server_id}/action', {})

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        match = self._router.match(environ)
        if match is None:
            return webob.exc.HTTPNotFound()(environ, start_response)
        request = Request(environ)
        if match.is_action:
            response = error_response(request, None, self._action_error(request))
        else:
            response = self._resource.handle(request, match.operations, match.args)
        return response(environ, start_response)

    def _action_error(self, request: Request) -> exceptions.RequestError:
        try:
            select(request, {}, self._resource.supported)
        except exceptions.NoSuchAction as error:
            if error.action in self._extension_actions:
                return exceptions.NotAtThisMicroversion()
            return error
        except exceptions.RequestError as error:
            return error
        raise AssertionError('an empty table has no action to select')


def build_app(
    conf: cfg.ConfigOpts, supported: microversions.Range = microversions.STAND_ALONE
) -> Filter:
    """Build the minimal compute API with the extensions in front of it.

    :raises ConfigurationError: with the reason in one line
    """
    loaded = loader.load(conf, policies())
    inventory = look_ups.load(conf, None)
    if not isinstance(inventory, InventoryLookUp):
        raise exceptions.ConfigurationError(
            f'[api] servers = {conf.api.servers}: the stand-alone API lists the '
            'servers of the inventory, so only servers = inventory is possible'
        )
    actions = frozenset(row.action for row in loaded.router.rows() if row.action)
    compute_api = ComputeAPI(inventory, loaded.policy, actions, supported)
    return Filter(
        compute_api,
        loaded,
        inventory,
        supported,
        max_body_bytes(conf),
        nova.has_files(conf),
        is_stand_alone=True,
    )


def factory(global_conf: dict[str, str], **local_conf: str) -> Filter:
    """paste.app_factory"""
    return build_app(config.from_paste(global_conf, local_conf))
