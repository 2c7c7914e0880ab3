# SPDX-License-Identifier: Apache-2.0
"""The listener of serial consoles, and their page.

Both have the same URL: with ``ws`` or ``wss`` it opens the console; with ``http`` or
``https``, a browser gets the page that opens the console.
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


# The fetched packages that the page loads.
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
    # Console URLs have the first path, with or without a slash at its end.  The last
    # path is for tempest and other clients written for websockify.
    cookie_paths = {
        path: False,
        **also_below(options.base_url, {'/': False, '/websockify': True}),
    }
    packages = assets.packages(PACKAGES)
    found = None if packages is None else assets.load(packages)
    if found is None:
        LOG.warning('Serial consoles have no web page. %s', assets.MISSING)
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
        documents={path: _document(found, path, origins) for path in cookie_paths},
        hint='This is a serial console. Open its URL with a WebSocket client, such as '
        '"websocat -b URL"; or in a browser, with http instead of ws.',
        text=True,
    )


def _below(base_url: str, table: Mapping[str, Page]) -> Mapping[str, Page]:
    """The table, with each entry under all paths from which the page may load it.

    For the base URL's path ``/serial``, these include paths below ``/serial``.
    """
    path = parse.urlsplit(base_url).path.rstrip('/')
    below = {f'{path}{name}': page for name, page in table.items()}
    return {**also_below(base_url, table), **below}


def _document(found: Assets | None, path: str, origins: AllowedOrigins) -> Page:
    """The page for browsers at a path.

    It does not depend on the request, and does not use the token: a program that
    previews links does not consume it.
    """
    vary = ('Vary', 'Accept, Accept-Encoding, Upgrade')
    if found is None:
        page = pages.text(assets.MISSING, 503)
        return Page(page.body, (*page.headers, vary), page.status)
    policy = pages.security_policy(
        origins,
        # For the icon.
        'img-src data:',
        "require-trusted-types-for 'script'",
    )
    # Browsers resolve relative URLs at the last slash.
    last = path.rpartition('/')[2]
    return found.page(
        'Serial console',
        'xterm.js',
        'serial.js',
        [('Content-Security-Policy', policy), vary],
        f'{last}/' if last and last != 'websockify' else '',
    )
