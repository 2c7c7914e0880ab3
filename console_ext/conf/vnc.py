# SPDX-License-Identifier: Apache-2.0
"""[vnc]: options of Nova's group of this name."""

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
        help='Public URL of the page of VNC consoles. The token is added to its query.',
    ),
    cfg.HostAddressOpt(
        'novncproxy_host',
        default='127.0.0.1',
        help='Address that the proxy listens on for VNC consoles and their page. For '
        "safety, the default differs from Nova's, which is all addresses.",
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
        help='Authentication schemes for connections to compute hosts, in order of '
        'preference; the order of a host is ignored. vencrypt uses TLS. While the list '
        'also contains none, an attacker in the network can disable TLS: remove none '
        'as soon as all hosts have TLS.',
    ),
    cfg.StrOpt(
        'vencrypt_client_key',
        help='File with the key of vencrypt_client_cert. Default: the same file.',
    ),
    cfg.StrOpt(
        'vencrypt_client_cert',
        help='File with the client certificate for compute hosts that require one. '
        'SIGHUP reloads it, its key and vencrypt_ca_certs.',
    ),
    cfg.StrOpt(
        'vencrypt_ca_certs',
        help='File with the certificate authorities of compute hosts. Default: the '
        "system's authorities.",
    ),
    cfg.BoolOpt(
        'vencrypt_verify_host_name',
        default=True,
        help='Whether the certificate of a VNC server must contain the name of its '
        'compute host in Nova, or the address that the proxy connects to. If false, as '
        'in Nova, any certificate of the authorities is valid for any compute host.',
    ),
]
