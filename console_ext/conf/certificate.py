# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: the certificate of the proxy's listeners, by Nova's names."""

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.StrOpt(
        'cert',
        help='File of the certificate, and its chain, that the console proxy shows; '
        'with none it speaks plain HTTP. SIGHUP reads it again.',
    ),
    cfg.StrOpt(
        'key',
        help="File of the certificate's key; by default it is in the same file.",
    ),
]
