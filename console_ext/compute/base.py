# SPDX-License-Identifier: Apache-2.0
"""The interface of drivers, and the loader of the configured driver."""

from __future__ import annotations

import abc

from oslo_config import cfg

from console_ext import plugin
from console_ext.consoles import ConsoleType, Endpoint

NAMESPACE = 'console_ext.compute.drivers'


class Driver(abc.ABC):
    """Finds the consoles of the servers on this compute host.

    Several threads may call a method at the same time.  It may block, but its caller
    only waits for ``[console_rpc] timeout``.
    """

    @abc.abstractmethod
    def __init__(self, conf: cfg.ConfigOpts): ...

    @abc.abstractmethod
    def endpoint(self, server_id: str, console_type: ConsoleType) -> Endpoint:
        """Return the address of a server's console.

        It depends on the protocol of the type: ``serial`` is the server's first serial
        port, ``spice`` its SPICE display.

        :raises ServerNotFound: the server is not on this host
        :raises ServerNotReady: the server is on this host, but not running
        :raises ConsoleTypeUnavailable: the server has no such console, or the driver
            does not support the protocol
        """


def load(conf: cfg.ConfigOpts) -> Driver:
    """Load the driver that ``[console_rpc] driver`` names.

    :raises ConfigurationError: it is not installed, or its initialization fails
    """
    driver: Driver = plugin.load(
        NAMESPACE, conf.console_rpc.driver, '[console_rpc] driver', conf
    )
    return driver
