# SPDX-License-Identifier: Apache-2.0
"""The look-up that sends a request to the wrapped compute API.

Each look-up is one ``GET /servers/{id}`` inside the process.  It works with every API
that shows servers as Nova does, and takes as long as that API's own request.
"""

from __future__ import annotations

import json
import re
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from oslo_config import cfg

from console_ext import exceptions
from console_ext.context import NOVA_CONTEXT, RequestContext
from console_ext.servers import in_process
from console_ext.servers.base import LookUp, Server

# The first microversion whose servers have the attribute ``locked``.
MICROVERSION = 'compute 2.9'

# A server's representation has a few thousand bytes, or ten times that with metadata.
MAX_ANSWER_BYTES = 2**20

# Other texts in this place of the URL mean something else, such as ``detail``.
_ID = re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.ASCII | re.IGNORECASE)

_HOST = 'OS-EXT-SRV-ATTR:host'

_NO_SERVER = (404, 410)
_LATER = (429, *range(500, 600))


class UpstreamLookUp(LookUp):
    """Finds servers through the wrapped API, with an administrator's roles.

    Nova shows a server's host to administrators only.  ``[api] upstream_roles`` must
    contain the roles that make a caller an administrator under the API's policy.
    """

    def __init__(self, conf: cfg.ConfigOpts, application: WSGIApplication | None):
        if application is None:
            raise exceptions.ConfigurationError(
                '[api] servers = upstream works only as a filter in a compute API. '
                'Choose another look-up for the stand-alone API.'
            )
        self._application = application
        self._roles = list(conf.api.upstream_roles)

    def get(self, context: RequestContext, server_id: str) -> Server:
        """
        :raises ServersUnavailable: the API answers with a temporary error
        :raises LookUpFailed: the API's response is not a server
        """
        if _ID.fullmatch(server_id) is None:
            raise exceptions.ServerNotFound(server_id)
        environ = _environ(context, server_id, self._roles)
        try:
            status, body = in_process.call(self._application, environ, MAX_ANSWER_BYTES)
        except in_process.NoAnswer as error:
            raise exceptions.LookUpFailed(str(error)) from None
        if status in _NO_SERVER:
            raise exceptions.ServerNotFound(server_id)
        if status in _LATER:
            raise exceptions.ServersUnavailable
        if status == 403:
            raise self._refused('the server')
        if status != 200:
            raise exceptions.LookUpFailed(f'the API answered {status}')
        try:
            server = _server(body)
        except _HostNotShown:
            raise self._refused('its host') from None
        if server.id.lower() != server_id.lower():
            raise exceptions.LookUpFailed('the API returned a different server')
        if not context.sees(server.project_id):
            raise exceptions.ServerNotFound(server_id)
        return server

    def _refused(self, what: str) -> exceptions.LookUpFailed:
        return exceptions.LookUpFailed(
            f'the API does not show {what} to [api] upstream_roles = '
            f'{",".join(self._roles)}; add the roles of an administrator'
        )


class _HostNotShown(Exception):
    """The response has no host attribute.  A server without a host has a null."""


def _environ(
    context: RequestContext, server_id: str, roles: list[str]
) -> dict[str, Any]:
    """Return the environ of the caller's request with an administrator's roles."""
    environ: WSGIEnvironment = {
        **in_process.environ_of(f'/servers/{server_id}'),
        'HTTP_OPENSTACK_API_VERSION': MICROVERSION,
        'HTTP_X_IDENTITY_STATUS': 'Confirmed',
        'HTTP_X_USER_ID': context.user_id,
        'HTTP_X_ROLES': ','.join(roles),
        'openstack.request_id': context.request_id,
    }
    if context.project_id is not None:
        environ['HTTP_X_PROJECT_ID'] = context.project_id
    if context.nova is not None:
        environ[NOVA_CONTEXT] = _as_administrator(context.nova, roles)
    return environ


def _as_administrator(nova: Any, roles: list[str]) -> Any:
    administrator = nova.elevated()
    administrator.roles = list(dict.fromkeys([*administrator.roles, *roles]))
    # Nova's rules for servers refuse tokens that are not scoped to a project.
    administrator.system_scope = administrator.domain_id = None
    return administrator


def _server(body: bytes) -> Server:
    """
    :raises LookUpFailed: the body is not the representation of a server
    """
    try:
        view = json.loads(body)['server']
        return Server(
            id=_text(view, 'id'),
            name=_text(view, 'name'),
            project_id=_text(view, 'tenant_id'),
            user_id=_text(view, 'user_id'),
            host=_text_or_none(view, _HOST),
            vm_state=_text_or_none(view, 'OS-EXT-STS:vm_state'),
            task_state=_text_or_none(view, 'OS-EXT-STS:task_state'),
            power_state=view.get('OS-EXT-STS:power_state'),
            locked=view.get('locked') is True,
        )
    except KeyError as missing:
        if missing.args == (_HOST,):
            raise _HostNotShown from None
        raise exceptions.LookUpFailed(f'the server lacks {missing}') from None
    except (AttributeError, TypeError, ValueError, RecursionError):
        raise exceptions.LookUpFailed('the response is not a server') from None


def _text(view: dict[str, Any], key: str) -> str:
    value = view[key]
    if not isinstance(value, str):
        raise ValueError(f'{key} is not a string')
    return value


def _text_or_none(view: dict[str, Any], key: str) -> str | None:
    # A missing key is an error and not null: the API may hide the attribute.
    return None if view[key] is None else _text(view, key) or None
