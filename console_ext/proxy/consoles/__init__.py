# SPDX-License-Identifier: Apache-2.0
"""What the ports of the proxy serve: a listener for each protocol, and its pages."""

from __future__ import annotations

from oslo_config import cfg

from console_ext.proxy.consoles import serial, spice, vnc
from console_ext.proxy.consoles.listener import Listener


def listeners(conf: cfg.ConfigOpts) -> list[Listener]:
    """
    :raises ConfigurationError: a base URL, an allowed origin or a certificate towards
        compute hosts is not usable
    """
    return [serial.listener(conf), spice.listener(conf), vnc.listener(conf)]


def faults_of_pages(conf: cfg.ConfigOpts) -> list[str]:
    """What is wrong with the public URLs of pages."""
    faults = [spice.fault_of_page(conf), vnc.fault_of_page(conf)]
    return [fault for fault in faults if fault is not None]
