# SPDX-License-Identifier: Apache-2.0
"""[console]: the options of Nova's group that the proxy uses."""

from oslo_config import cfg

GROUP = 'console'

OPTS = [
    cfg.ListOpt(
        'allowed_origins',
        default=[],
        help='Web origins whose pages may open consoles, in addition to those of the '
        'base URLs. Each is a full origin (https://dashboard.example.org:8443) or, as '
        "in Nova, a host name, which allows any port with the base URL's scheme.",
    ),
    cfg.StrOpt(
        'ssl_minimum_version',
        default='default',
        choices=['default', 'tlsv1_1', 'tlsv1_2', 'tlsv1_3'],
        help='Minimum TLS version of the proxy. "default" is the default of the TLS '
        'library, but at least TLS 1.2.',
    ),
    cfg.StrOpt(
        'ssl_ciphers',
        help='Ciphers for TLS 1.2 and older, in OpenSSL format. Default: the default '
        'of the TLS library.',
    ),
]
