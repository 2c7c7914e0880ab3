# SPDX-License-Identifier: Apache-2.0
"""The listener of serial consoles."""

from __future__ import annotations

from urllib import parse

from oslo_config import cfg

from console_ext.consoles import SERIAL
from console_ext.proxy.admission.origin import AllowedOrigins
from console_ext.proxy.consoles import pages
from console_ext.proxy.consoles.listener import Listener, also_below
from console_ext.proxy.relay.consoles import PlainConsoles


def listener(conf: cfg.ConfigOpts) -> Listener:
    """
    :raises ConfigurationError: the base URL or an allowed origin is not usable
    """
    options = conf.serial_console
    return Listener(
        name=SERIAL.title,
        host=options.serialproxy_host,
        port=options.serialproxy_port,
        console_type=SERIAL.type,
        consoles=PlainConsoles(),
        origins=AllowedOrigins(options.base_url, conf.console.allowed_origins),
        # The URL of a console leads to the first, whether or not it ends in a slash.
        # The last is for tempest, and whatever else was written for websockify.
        cookie_paths={
            parse.urlsplit(options.base_url).path or '/': False,
            **also_below(options.base_url, {'/': False, '/websockify': True}),
        },
        pages=pages.health(),
        hint='This is a serial console: open its URL with a WebSocket client, such as '
        '"websocat -b URL".',
        text=True,
    )
