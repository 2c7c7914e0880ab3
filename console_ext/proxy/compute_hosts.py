# SPDX-License-Identifier: Apache-2.0
"""The compute hosts, each on the message bus of its cell."""

from __future__ import annotations

from collections.abc import Mapping

from console_ext.context import RequestContext
from console_ext.proxy.authority import PortCheck
from console_ext.rpc import instance
from console_ext.tokens.authorization import Authorization


class ComputeHosts:
    """
    :param cell_buses: the URLs of message buses, by the cell; the hosts of other cells
        are on the configured one
    """

    def __init__(self, port_check: PortCheck, cell_buses: Mapping[str, str]):
        self._port_check = port_check
        self._cell_buses = cell_buses

    def confirm(self, authorization: Authorization) -> bool:
        """Whether the host says that the port is still this server's console.

        It blocks; the log lines of its thread get a request id of their own.

        :raises: as :meth:`PortCheck.validate_console_port`
        """
        host = authorization.compute_host
        return self._port_check.validate_console_port(
            RequestContext(is_admin=True),
            host,
            instance.to_primitive(authorization.server_id, host=host),
            authorization.console_type,
            authorization.port,
            self._cell_buses.get(authorization.cell or ''),
        )
