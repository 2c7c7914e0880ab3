# SPDX-License-Identifier: Apache-2.0
"""The listener of serial consoles, and their page.

The URL of a console is both: with ``ws`` or ``wss`` it opens the console, and with
``http`` or ``https`` a browser gets the page that does.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from urllib import parse

from oslo_config import cfg

from console_ext.consoles import SERIAL
from console_ext.proxy.admission.origin import AllowedOrigins
from console_ext.proxy.consoles import assets, pages
from console_ext.proxy.consoles.assets import Assets
from console_ext.proxy.consoles.listener import Listener, also_below
from console_ext.proxy.consoles.pages import Page
from console_ext.proxy.relay.consoles import PlainConsoles

LOG = logging.getLogger(__name__)


# What the page loads, besides our own modules.
PACKAGES = (
    'xterm',
    'addon-fit',
    'addon-search',
    'addon-unicode11',
    'addon-web-links',
    'addon-webgl',
)


def listener(conf: cfg.ConfigOpts) -> Listener:
    """
    :raises ConfigurationError: the base URL or an allowed origin is not usable
    """
    options = conf.serial_console
    origins = AllowedOrigins(options.base_url, conf.console.allowed_origins)
    path = parse.urlsplit(options.base_url).path or '/'
    # The URL of a console leads to the first, whether or not it ends in a slash.  The
    # last is for tempest, and whatever else was written for websockify.
    cookie_paths = {
        path: False,
        **also_below(options.base_url, {'/': False, '/websockify': True}),
    }
    found = assets.load(PACKAGES)
    if found is None:
        LOG.warning('Serial consoles have no page in a browser. %s', assets.MISSING)
    modules = {} if found is None else found.modules
    return Listener(
        name=SERIAL.title,
        host=options.serialproxy_host,
        port=options.serialproxy_port,
        console_type=SERIAL.type,
        consoles=PlainConsoles(),
        origins=origins,
        cookie_paths=cookie_paths,
        pages=_below(options.base_url, {**pages.health(), **modules}),
        documents={one: _document(found, one, origins) for one in cookie_paths},
        hint='This is a serial console: open its URL with a WebSocket client, such as '
        '"websocat -b URL", or with http in place of ws in a browser.',
        text=True,
    )


def _below(base_url: str, table: Mapping[str, Page]) -> Mapping[str, Page]:
    """Pages by path, and wherever the page looks for them.

    For ``/serial`` that is below the path itself.
    """
    path = parse.urlsplit(base_url).path.rstrip('/')
    below = {f'{path}{one}': page for one, page in table.items()}
    return {**also_below(base_url, table), **below}


def _document(found: Assets | None, path: str, origins: AllowedOrigins) -> Page:
    """What a browser gets at a path.

    It has nothing of the request in it, and asks nobody: a preview spends no token.
    """
    vary = ('Vary', 'Accept, Accept-Encoding, Upgrade')
    if found is None:
        page = pages.text(assets.MISSING, 503)
        return Page(page.body, (*page.headers, vary), page.status)
    policy = pages.security_policy(
        # The icon.
        origins,
        'img-src data:',
        "require-trusted-types-for 'script'",
    )
    # Browsers resolve what is relative at the last slash.
    last = path.rpartition('/')[2]
    return found.page(
        'serial.html',
        [('Content-Security-Policy', policy), vary],
        f'{last}/' if last and last != 'websockify' else '',
    )
