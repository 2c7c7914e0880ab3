# SPDX-License-Identifier: Apache-2.0
"""The listeners of the proxy, one for each protocol, with their web pages."""

from __future__ import annotations

from oslo_config import cfg

from console_ext.consoles import NOVNC, SPICE_HTML5, TYPES
from console_ext.proxy.consoles import serial, spice, vnc
from console_ext.proxy.consoles.listener import Listener

# The console types with a listener.
SERVED = tuple(one for one in TYPES if not one.native_clients)


def listeners(conf: cfg.ConfigOpts) -> list[Listener]:
    """
    :raises ConfigurationError: a base URL, an allowed origin or a certificate for
        compute hosts is not usable
    """
    return [serial.listener(conf), spice.listener(conf), vnc.listener(conf)]


def faults_of_pages(conf: cfg.ConfigOpts) -> dict[str, str]:
    """Errors in the public URLs of the pages, by the names of console types."""
    faults = {
        SPICE_HTML5.type: spice.fault_of_page(conf),
        NOVNC.type: vnc.fault_of_page(conf),
    }
    return {name: fault for name, fault in faults.items() if fault is not None}
