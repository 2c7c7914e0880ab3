# SPDX-License-Identifier: Apache-2.0
"""What the ports of the proxy serve: a listener for each protocol, and its pages."""

from __future__ import annotations

from oslo_config import cfg

from console_ext.proxy.consoles import serial, spice
from console_ext.proxy.consoles.listener import Listener


def listeners(conf: cfg.ConfigOpts) -> list[Listener]:
    """
    :raises ConfigurationError: a base URL or an allowed origin is not usable
    """
    return [serial.listener(conf), spice.listener(conf)]
