# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: the agent's options that nova-compute has too."""

import socket

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.StrOpt(
        'host',
        default=socket.gethostname(),
        sample_default='<current_hostname>',
        help='Name of this compute host: the agent receives the calls for this name, '
        'and it must be the host of the servers.',
    ),
]
