# SPDX-License-Identifier: Apache-2.0
"""The listener of SPICE consoles, and their page."""

from __future__ import annotations

import logging
from pathlib import Path

from oslo_config import cfg

from console_ext.consoles import SPICE_HTML5
from console_ext.proxy.admission.origin import AllowedOrigins
from console_ext.proxy.consoles import libraries, pages
from console_ext.proxy.consoles.libraries import SPICE_HTML5 as LIBRARY
from console_ext.proxy.consoles.listener import Listener, also_below, fault_of_url
from console_ext.proxy.consoles.screens import ScreenPage
from console_ext.proxy.relay.handshakes.spice import spice_consoles

LOG = logging.getLogger(__name__)

# Preferred: Debian's version is newer than npm's.
DISTRIBUTION = Path('/usr/share/spice-html5')

PAGE = ScreenPage('SPICE console', LIBRARY, ('/spice_auto.html',), 'spice.js')


def listener(conf: cfg.ConfigOpts) -> Listener:
    """
    :raises ConfigurationError: the base URL, an allowed origin or a certificate is not
        usable
    """
    options = conf.spice
    origins = AllowedOrigins(options.html5proxy_base_url, conf.console.allowed_origins)
    fault = fault_of_page(conf)
    if fault is not None:
        # Not fatal: a reverse proxy may rewrite paths.
        LOG.warning('%s', fault)
    return Listener(
        name=SPICE_HTML5.title,
        host=options.html5proxy_host,
        port=options.html5proxy_port,
        console_type=SPICE_HTML5.type,
        consoles=spice_consoles(conf),
        origins=origins,
        # Our page uses the first path, where cookies of other consoles are ignored.
        # The page of spice-html5 uses the second, and always sends a cookie.
        cookie_paths=also_below(
            options.html5proxy_base_url, {'/': False, '/websockify': True}
        ),
        pages=also_below(
            options.html5proxy_base_url,
            PAGE.table(
                libraries.find(
                    LIBRARY,
                    options.html5proxy_web,
                    DISTRIBUTION,
                    prefers_bundle=False,
                ),
                # The guest's pointer and its lossy pictures are data: or blob:, its
                # sound is blob:.
                pages.security_policy(
                    origins, 'img-src data: blob:', 'media-src blob:'
                ),
            ),
        ),
        hint='This is a SPICE console. Open its URL in a browser.',
        text=False,
    )


def fault_of_page(conf: cfg.ConfigOpts) -> str | None:
    """The error in ``[spice] html5proxy_base_url``, if there is one."""
    return fault_of_url(
        '[spice] html5proxy_base_url', conf.spice.html5proxy_base_url, PAGE.paths
    )
