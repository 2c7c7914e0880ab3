# SPDX-License-Identifier: Apache-2.0
"""What a driver is, and how the configured one is loaded."""

from __future__ import annotations

import abc

from oslo_config import cfg

from console_ext import plugin
from console_ext.consoles import ConsoleType, Endpoint

NAMESPACE = 'console_ext.compute.drivers'


class Driver(abc.ABC):
    """Knows the servers that run on this compute host.

    Each method is called from several threads and may block; the caller waits for
    ``[console_rpc] timeout``.
    """

    @abc.abstractmethod
    def __init__(self, conf: cfg.ConfigOpts): ...

    @abc.abstractmethod
    def endpoint(self, server_id: str, console_type: ConsoleType) -> Endpoint:
        """Where the server's console of a type listens.

        The protocol of the type decides: ``serial`` is the server's first serial port,
        ``spice`` its SPICE display.

        :raises ServerNotFound: the server does not run on this host
        :raises ServerNotReady: it is there, but not running
        :raises ConsoleTypeUnavailable: it has no such console, or the driver knows no
            consoles of that protocol
        """


def load(conf: cfg.ConfigOpts) -> Driver:
    """The driver that ``[console_rpc] driver`` names.

    :raises ConfigurationError: there is none of that name, or it does not start
    """
    driver: Driver = plugin.load(
        NAMESPACE, conf.console_rpc.driver, '[console_rpc] driver', conf
    )
    return driver
