# SPDX-License-Identifier: Apache-2.0
"""The look-up in Nova's own databases, for a filter in nova-api.

Two rows: the server's mapping, which says whose it is and in which cell, and then its
own in that cell.  Nova is imported when this look-up is chosen, and not before.
"""

from __future__ import annotations

import re
from typing import Any

from oslo_config import cfg

from console_ext import exceptions
from console_ext.context import RequestContext
from console_ext.servers.base import LookUp, Server, WSGIApplication

_ID = re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.ASCII | re.IGNORECASE)


class NovaLookUp(LookUp):
    """Servers as Nova's objects have them."""

    def __init__(self, conf: cfg.ConfigOpts, application: WSGIApplication | None):
        try:
            from nova import context, exception, objects
            from oslo_db import exception as db_exception
            from sqlalchemy import exc as sqlalchemy_exception
        except ImportError as error:
            raise exceptions.ConfigurationError(
                f'[api] servers = nova: it needs Nova beside it ({error})'
            ) from None
        # nova-api registers its objects before it loads its pipeline.
        if not hasattr(objects, 'InstanceMapping'):
            raise exceptions.ConfigurationError(
                '[api] servers = nova: this works as a filter in nova-api only'
            )
        self._context = context
        self._objects = objects
        self._not_found = (
            exception.InstanceMappingNotFound,
            exception.InstanceNotFound,
            exception.BuildRequestNotFound,
        )
        self._unavailable = (
            db_exception.DBError,
            db_exception.CantStartEngineError,
            sqlalchemy_exception.SQLAlchemyError,
        )

    def get(self, context: RequestContext, server_id: str) -> Server:
        """
        :raises ServersUnavailable: a database cannot be reached
        """
        # Nova takes an id without dashes for one, and finds nothing.
        if _ID.fullmatch(server_id) is None:
            raise exceptions.ServerNotFound(server_id)
        # As an administrator, so that Nova leaves it to us who may know of a server;
        # with the request's id, which Nova logs.
        administrator = self._context.RequestContext(
            user_id=context.user_id,
            project_id=context.project_id,
            is_admin=True,
            request_id=context.request_id,
            overwrite=False,
        )
        try:
            mapping = self._objects.InstanceMapping.get_by_instance_uuid(
                administrator, server_id
            )
            if not context.sees(mapping.project_id):
                raise exceptions.ServerNotFound(server_id)
            if mapping.cell_mapping is None:
                return self._unscheduled(administrator, server_id)
            return self._in_cell(administrator, mapping.cell_mapping, server_id)
        except self._not_found:
            raise exceptions.ServerNotFound(server_id) from None
        except self._unavailable:
            raise exceptions.ServersUnavailable from None

    def _in_cell(self, administrator: Any, cell: Any, server_id: str) -> Server:
        with self._context.target_cell(administrator, cell) as in_cell:
            instance = self._objects.Instance.get_by_uuid(
                in_cell, server_id, expected_attrs=[]
            )
        return _server(instance, bus_url=cell.transport_url)

    def _unscheduled(self, administrator: Any, server_id: str) -> Server:
        """A server that is in no cell yet: what was asked to be built."""
        request = self._objects.BuildRequest.get_by_instance_uuid(
            administrator, server_id
        )
        return _server(request.instance, bus_url=None)


def _server(instance: Any, bus_url: str | None) -> Server:
    return Server(
        id=instance.uuid,
        name=instance.display_name or '',
        project_id=instance.project_id,
        user_id=instance.user_id,
        host=instance.host if 'host' in instance else None,
        vm_state=instance.vm_state,
        task_state=instance.task_state,
        power_state=instance.power_state,
        locked=bool(instance.locked),
        # What is only asked for has no row in a cell, and so no key.
        database_id=instance.id if 'id' in instance else None,
        bus_url=bus_url,
    )
