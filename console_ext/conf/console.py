# SPDX-License-Identifier: Apache-2.0
"""[console]: Nova's group of this name, as far as the proxy reads it."""

from oslo_config import cfg

GROUP = 'console'

OPTS = [
    cfg.ListOpt(
        'allowed_origins',
        default=[],
        help='Web origins, besides those of the base URLs, whose pages may open '
        'consoles: full origins (https://dashboard.example.org:8443), or host names '
        "as in Nova, which stand for any port under the base URL's scheme.",
    ),
    cfg.StrOpt(
        'ssl_minimum_version',
        default='default',
        choices=['default', 'tlsv1_1', 'tlsv1_2', 'tlsv1_3'],
        help='Oldest TLS version that the proxy speaks; "default" is the TLS '
        "library's choice.",
    ),
    cfg.StrOpt(
        'ssl_ciphers',
        help='Ciphers for TLS 1.2 and older, as OpenSSL writes them; by default the '
        "TLS library's choice.",
    ),
]
