# SPDX-License-Identifier: Apache-2.0
"""The driver that reads the inventory file."""

from __future__ import annotations

from oslo_config import cfg

from console_ext import exceptions
from console_ext.compute.base import Driver
from console_ext.consoles import ConsoleType, Endpoint
from console_ext.inventory import Entry, Inventory

# nova/compute/power_state.py: a paused guest still holds its console ports.
_RUNNING = 1
_PAUSED = 3


class InventoryDriver(Driver):
    """Finds the consoles of the servers that the inventory assigns to this host."""

    def __init__(self, conf: cfg.ConfigOpts):
        self._host = conf.host
        self._inventory = Inventory(conf)

    def endpoint(self, server_id: str, console_type: ConsoleType) -> Endpoint:
        endpoint = self._running(server_id).endpoint(console_type.protocol)
        if endpoint is None:
            raise exceptions.ConsoleTypeUnavailable(console_type.type)
        return endpoint

    def _running(self, server_id: str) -> Entry:
        entry = self._inventory.get(server_id)
        if entry is None or entry.host != self._host:
            raise exceptions.ServerNotFound(server_id)
        if entry.power_state not in (_RUNNING, _PAUSED):
            raise exceptions.ServerNotReady(server_id)
        return entry
