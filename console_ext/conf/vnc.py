# SPDX-License-Identifier: Apache-2.0
"""[vnc]: Nova's group of this name."""

from oslo_config import cfg, types

GROUP = 'vnc'

OPTS = [
    cfg.BoolOpt(
        'enabled',
        default=True,
        help='Whether the servers of this compute host have VNC consoles.',
    ),
    cfg.URIOpt(
        'novncproxy_base_url',
        default='http://127.0.0.1:6080/vnc_auto.html',
        schemes=['http', 'https'],
        help='Public URL of the page of VNC consoles; the token is added to its query.',
    ),
    cfg.HostAddressOpt(
        'novncproxy_host',
        default='127.0.0.1',
        help='Address that the proxy listens on for VNC consoles and their page. The '
        "default is safe, and not Nova's, which is every address.",
    ),
    cfg.PortOpt(
        'novncproxy_port',
        default=6080,
        help='Port that the proxy listens on for VNC consoles and their page.',
    ),
    cfg.StrOpt(
        'novncproxy_web',
        help='Directory of noVNC, whose modules the page loads. They are read once, '
        'when the proxy starts. The default is the copy that was built into '
        'console_ext or, where there is none, /usr/share/novnc of the distribution.',
    ),
    cfg.ListOpt(
        'auth_schemes',
        item_type=types.String(choices=['none', 'vencrypt']),
        default=['none'],
        help='What the proxy may use towards compute hosts, the preferred scheme '
        "first; this order decides, and not a host's. With vencrypt the connection "
        'is TLS. While none is also in the list, somebody on the network between can '
        'still make a connection do without: take it out as soon as every host has '
        'TLS.',
    ),
    cfg.StrOpt(
        'vencrypt_client_key',
        help='File of the key of vencrypt_client_cert; by default it is in the same '
        'file.',
    ),
    cfg.StrOpt(
        'vencrypt_client_cert',
        help='File of the certificate that the proxy shows to compute hosts, for '
        'those that ask for one; by default it has none. SIGHUP reads it, its key and '
        'vencrypt_ca_certs again.',
    ),
    cfg.StrOpt(
        'vencrypt_ca_certs',
        help='File of the certificate authorities of compute hosts; by default the '
        "system's authorities are trusted.",
    ),
    cfg.BoolOpt(
        'vencrypt_verify_host_name',
        default=True,
        help='Whether the certificate of a VNC server has to name its compute host: '
        "the host's name in Nova, or the address at which the proxy connects to it. "
        'With false, as in Nova, any certificate of the authorities is accepted for '
        'any compute host.',
    ),
]
