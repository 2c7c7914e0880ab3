# SPDX-License-Identifier: Apache-2.0
"""The message buses of cells, for who knows a host's cell and no more."""

from __future__ import annotations

import oslo_messaging
from oslo_config import cfg

from console_ext import exceptions


def buses(conf: cfg.ConfigOpts) -> dict[str, str]:
    """What ``[console_rpc] cell_bus`` says: each cell's id, and the URL of its bus.

    :raises ConfigurationError: a line of it is not usable
    """
    found = {}
    for line in conf.console_rpc.cell_bus:
        cell, _, url = line.strip().partition(' ')
        try:
            oslo_messaging.TransportURL.parse(conf, url.strip())
        except oslo_messaging.InvalidTransportURL:
            url = ''
        if not url:
            # Not the line: a URL holds a password.
            raise exceptions.ConfigurationError(
                f'[console_rpc] cell_bus of {cell!r}: it is the id of a cell and, '
                'after a space, the URL of its message bus'
            )
        found[cell] = url.strip()
    return found
