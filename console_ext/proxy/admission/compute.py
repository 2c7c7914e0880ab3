# SPDX-License-Identifier: Apache-2.0
"""Calls compute hosts, each on the message bus of its cell."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from console_ext import exceptions
from console_ext.context import RequestContext
from console_ext.proxy.admission.interfaces import PortCheck
from console_ext.rpc.instance import Instance
from console_ext.store.authorization import Authorization


class ComputeHosts:
    """
    :param cell_buses: the URLs of message buses, by cell; the hosts of other cells are
        on the configured bus
    :param timeout_s: how long to wait for a host
    """

    def __init__(
        self,
        port_check: PortCheck,
        cell_buses: Mapping[str, str],
        timeout_s: float,
    ):
        self._port_check = port_check
        self._cell_buses = cell_buses
        self._timeout_s = timeout_s

    async def confirm(self, authorization: Authorization) -> None:
        """Ask the host whether the port is still this server's console.

        After a restart or a migration, the port may belong to another server.

        :raises ConsoleMoved: it is not
        :raises ConsoleError, ComputeUnavailable, UnexpectedReply:
        """
        host = authorization.compute_host
        asked = self._port_check.validate_console_port(
            # A new context, so that log lines about this call have a request id.
            RequestContext(is_admin=True, overwrite=False),
            host,
            Instance(authorization.server_id),
            authorization.console_type,
            authorization.port,
            self._cell_buses.get(authorization.cell or ''),
        )
        try:
            # A timeout or a cancellation cancels the future, and so a waiting call.
            async with asyncio.timeout(self._timeout_s):
                confirmed = await asyncio.wrap_future(asked)
        except TimeoutError:
            raise exceptions.HostUnreachable(host) from None
        if confirmed is not True:
            raise exceptions.ConsoleMoved(authorization.server_id)
