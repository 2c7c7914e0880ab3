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
        help='Public URL of the proxy for native SPICE clients, such as Kerbside; the '
        'token is added to its query. This package has no such proxy.',
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
        help='Whether the proxy speaks TLS to SPICE servers, on their TLS port; a '
        'console without such a port is refused. Set it where it is set for '
        'nova-compute: the plain port of such servers serves nobody.',
    ),
    cfg.StrOpt(
        'tls_ca_certs',
        help='File of the certificate authorities of SPICE servers, for '
        "require_secure; by default the system's authorities are trusted. SIGHUP "
        'reads it again.',
    ),
    cfg.BoolOpt(
        'tls_verify_host_name',
        default=True,
        help='Whether the certificate of a SPICE server has to name its compute host: '
        "the host's name in Nova, or the address at which the proxy connects to it. "
        'With false, any certificate of the authorities is accepted for any compute '
        'host.',
    ),
    cfg.StrOpt(
        'html5proxy_web',
        help='Directory of the spice-html5 package, whose modules the page loads. They '
        'are read once, when the proxy starts. The default is /usr/share/spice-html5 '
        'of the distribution or, where that does not exist, the copy that was built '
        'into console_ext.',
    ),
]
