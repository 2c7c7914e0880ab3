# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: the certificate of the proxy's listeners, with Nova's option names."""

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.StrOpt(
        'cert',
        help='File with the certificate of the console proxy and its chain. Without it '
        'the proxy uses plain HTTP. SIGHUP reloads it.',
    ),
    cfg.StrOpt(
        'key',
        help="File with the certificate's key. Default: the same file as cert.",
    ),
]
