# SPDX-License-Identifier: Apache-2.0
"""[spice]: options of Nova's group of this name."""

from oslo_config import cfg

GROUP = 'spice'

OPTS = [
    cfg.BoolOpt(
        'enabled',
        default=False,
        help='Whether the servers of this compute host have SPICE consoles.',
    ),
    cfg.URIOpt(
        'html5proxy_base_url',
        default='http://127.0.0.1:6082/spice_auto.html',
        schemes=['http', 'https'],
        help='Public URL of the SPICE HTML5 page. The token is added to its query.',
    ),
    cfg.HostAddressOpt(
        'html5proxy_host',
        default='127.0.0.1',
        help='Address that the proxy listens on for SPICE consoles and their page.',
    ),
    cfg.PortOpt(
        'html5proxy_port',
        default=6082,
        help='Port that the proxy listens on for SPICE consoles and their page.',
    ),
    cfg.StrOpt(
        'html5proxy_web',
        default='/usr/share/spice-html5',
        help='Directory of the spice-html5 package, whose modules the page loads. They '
        'are read once, when the proxy starts.',
    ),
]
