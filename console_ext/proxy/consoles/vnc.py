# SPDX-License-Identifier: Apache-2.0
"""The listener of VNC consoles, and their page."""

from __future__ import annotations

import logging
from pathlib import Path

from oslo_config import cfg

from console_ext.consoles import NOVNC
from console_ext.proxy.admission.origin import AllowedOrigins
from console_ext.proxy.consoles import libraries, pages
from console_ext.proxy.consoles.libraries import NOVNC as LIBRARY
from console_ext.proxy.consoles.listener import Listener, also_below, fault_of_url
from console_ext.proxy.consoles.screens import ScreenPage
from console_ext.proxy.relay.handshakes.rfb.consoles import VNCConsoles

# Used if the build has fetched nothing; Debian's version is older than npm's.
DISTRIBUTION = Path('/usr/share/novnc')

LOG = logging.getLogger(__name__)

# Our page, under all names that noVNC's own pages have.
PAGE = ScreenPage(
    'VNC console', LIBRARY, ('/vnc_lite.html', '/vnc_auto.html', '/vnc.html'), 'vnc.js'
)

# Our page and noVNC's vnc_lite.html use the first path.  noVNC's vnc.html uses its own
# path since noVNC 1.5, and the second path before.
_PATHS = ('/', '/websockify', *PAGE.paths)


def listener(conf: cfg.ConfigOpts) -> Listener:
    """
    :raises ConfigurationError: the base URL, an allowed origin, a scheme or a
        certificate is not usable
    """
    options = conf.vnc
    base_url = options.novncproxy_base_url
    origins = AllowedOrigins(base_url, conf.console.allowed_origins)
    fault = fault_of_page(conf)
    if fault is not None:
        # Not fatal: a reverse proxy may rewrite paths.
        LOG.warning('%s', fault)
    return Listener(
        name=NOVNC.title,
        host=options.novncproxy_host,
        port=options.novncproxy_port,
        console_type=NOVNC.type,
        consoles=VNCConsoles(conf),
        origins=origins,
        # Only clients before noVNC 1.1 send cookies.
        cookie_paths=also_below(base_url, dict.fromkeys(_PATHS, False)),
        pages=also_below(
            base_url,
            PAGE.table(
                libraries.find(LIBRARY, options.novncproxy_web, DISTRIBUTION),
                # The guest's pointer and its lossy pictures are data: URLs.
                pages.security_policy(
                    origins, 'img-src data:', "require-trusted-types-for 'script'"
                ),
            ),
        ),
        hint='This is a VNC console. Open its URL in a browser.',
        text=False,
        # tempest would parse the body of a refusal as a WebSocket frame.
        refusals_have_text=False,
    )


def fault_of_page(conf: cfg.ConfigOpts) -> str | None:
    """The error in ``[vnc] novncproxy_base_url``, if there is one."""
    return fault_of_url(
        '[vnc] novncproxy_base_url', conf.vnc.novncproxy_base_url, PAGE.paths
    )
