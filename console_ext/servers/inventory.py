# SPDX-License-Identifier: Apache-2.0
"""The look-up that reads the inventory file."""

from __future__ import annotations

from collections.abc import Iterator
from wsgiref.types import WSGIApplication

from oslo_config import cfg

from console_ext import exceptions
from console_ext.context import RequestContext
from console_ext.inventory import Entry, Inventory
from console_ext.servers.base import LookUp, Server


class InventoryLookUp(LookUp):
    """Finds servers in the file that ``[inventory] file`` names."""

    def __init__(
        self, conf: cfg.ConfigOpts, application: WSGIApplication | None = None
    ):
        self._inventory = Inventory(conf)

    def get(self, context: RequestContext, server_id: str) -> Server:
        # A Nova on MySQL compares without case; a file's ids are in lower case.
        entry = self._inventory.get(server_id.lower())
        if entry is None or not context.sees(entry.project_id):
            raise exceptions.ServerNotFound(server_id)
        return _server(entry)

    def of_project(self, project_id: str | None) -> Iterator[Server]:
        """Yield the servers of a project, or all for None, in the file's order."""
        for entry in self._inventory:
            if project_id is None or entry.project_id == project_id:
                yield _server(entry)


def _server(entry: Entry) -> Server:
    return Server(
        id=entry.id,
        name=entry.name,
        project_id=entry.project_id,
        user_id=entry.user_id,
        host=entry.host,
        vm_state=entry.vm_state,
        task_state=entry.task_state,
        power_state=entry.power_state,
        locked=entry.locked,
    )
