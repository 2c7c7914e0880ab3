# SPDX-License-Identifier: Apache-2.0
"""The look-up that asks the compute API we are in front of.

One request within the process for each look-up, whole view and all: it works with
whatever shows servers as Nova does, and costs what that API needs for showing one.
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

# The first microversion that says whether a server is locked.
MICROVERSION = 'compute 2.9'

# A server's view is a few thousand bytes; metadata make it some ten times that.
MAX_ANSWER_BYTES = 2**20

# What else may stand in its place leads elsewhere, as ``detail`` does.
_ID = re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.ASCII | re.IGNORECASE)

_HOST = 'OS-EXT-SRV-ATTR:host'

_NO_SERVER = (404, 410)
_LATER = (429, *range(500, 600))


class UpstreamLookUp(LookUp):
    """Servers of the wrapped application, as it shows them to an administrator.

    Only to one does Nova name a server's host.  Who is one is for that API's policy to
    say; ``[api] upstream_roles`` has to have the roles for it.
    """

    def __init__(self, conf: cfg.ConfigOpts, application: WSGIApplication | None):
        if application is None:
            raise exceptions.ConfigurationError(
                '[api] servers = upstream: there is no API behind this one to ask'
            )
        self._application = application
        self._roles = list(conf.api.upstream_roles)

    def get(self, context: RequestContext, server_id: str) -> Server:
        """
        :raises ServersUnavailable: the API cannot answer now
        :raises LookUpFailed: its answer is not that of a compute API
        """
        if _ID.fullmatch(server_id) is None:
            raise exceptions.ServerNotFound(server_id)
        environ = _environ(context, server_id, self._roles)
        try:
            status, body = in_process.ask(self._application, environ, MAX_ANSWER_BYTES)
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
            raise exceptions.LookUpFailed('the API showed another server')
        if not context.sees(server.project_id):
            raise exceptions.ServerNotFound(server_id)
        return server

    def _refused(self, what: str) -> exceptions.LookUpFailed:
        return exceptions.LookUpFailed(
            f'the API does not show {what} to [api] upstream_roles = '
            f'{",".join(self._roles)}'
        )


class _HostNotShown(Exception):
    """That is not the same as none."""


def _environ(
    context: RequestContext, server_id: str, roles: list[str]
) -> dict[str, Any]:
    """A request of the caller's, made an administrator of his project for it."""
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
    # Nova's rules for servers refuse tokens of another scope than a project's.
    administrator.system_scope = administrator.domain_id = None
    return administrator


def _server(body: bytes) -> Server:
    """
    :raises LookUpFailed: it is no view of a server
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
        raise exceptions.LookUpFailed(f'the API does not say {missing}') from None
    except (AttributeError, TypeError, ValueError, RecursionError):
        raise exceptions.LookUpFailed('the API showed no server') from None


def _text(view: dict[str, Any], key: str) -> str:
    value = view[key]
    if not isinstance(value, str):
        raise ValueError(f'{key} is no text')
    return value


def _text_or_none(view: dict[str, Any], key: str) -> str | None:
    # Absent is not null: the API may hide what we have to know.
    return None if view[key] is None else _text(view, key) or None
