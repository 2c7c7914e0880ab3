# SPDX-License-Identifier: Apache-2.0
"""The message buses of cells, from the configuration."""

from __future__ import annotations

import oslo_messaging
from oslo_config import cfg

from console_ext import exceptions
from console_ext.rpc import transport


def buses(conf: cfg.ConfigOpts) -> dict[str, str]:
    """Return ``[console_rpc] cell_bus`` as a mapping from cell ids to bus URLs.

    :raises ConfigurationError: a line is invalid
    """
    found = {}
    for line in conf.console_rpc.cell_bus:
        cell, _, url = line.strip().partition(' ')
        try:
            transport.parse(conf, url.strip())
        except oslo_messaging.InvalidTransportURL:
            url = ''
        if not url:
            # Without the URL, which contains a password.
            raise exceptions.ConfigurationError(
                f'[console_rpc] cell_bus of {cell!r}: write the id of a cell, a space, '
                'and the URL of its message bus'
            )
        found[cell] = url.strip()
    return found
