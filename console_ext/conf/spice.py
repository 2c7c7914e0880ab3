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
    cfg.URIOpt(
        'spice_direct_proxy_base_url',
        default='http://127.0.0.1:13002/nova',
        schemes=['http', 'https'],
        help='Public URL of a proxy for native SPICE clients, such as Kerbside. The '
        'token is added to its query. This package does not contain such a proxy.',
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
    cfg.BoolOpt(
        'require_secure',
        default=False,
        help='Whether the proxy connects to the TLS port of SPICE servers. Consoles '
        'without such a port are refused. Set it if it is set for nova-compute, whose '
        'SPICE servers then do not accept connections without TLS.',
    ),
    cfg.StrOpt(
        'tls_ca_certs',
        help='With require_secure: file with the certificate authorities of SPICE '
        "servers. Default: the system's authorities. SIGHUP reloads it.",
    ),
    cfg.BoolOpt(
        'tls_verify_host_name',
        default=True,
        help='Whether the certificate of a SPICE server must contain the name of its '
        'compute host in Nova, or the address that the proxy connects to. If false, '
        'any certificate of the authorities is valid for any compute host.',
    ),
    cfg.StrOpt(
        'html5proxy_web',
        help='Directory of the spice-html5 package, whose modules the page loads. They '
        'are read once, when the proxy starts. Default: /usr/share/spice-html5, or, if '
        'it does not exist, the copy in this package.',
    ),
]
