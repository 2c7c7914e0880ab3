# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: what an agent shares with nova-compute."""

import socket

from oslo_config import cfg

GROUP = None

OPTS = [
    cfg.StrOpt(
        'host',
        default=socket.gethostname(),
        sample_default='<current_hostname>',
        help='Name of this compute host: the agent answers for it on the bus, and '
        'servers name it as theirs.',
    ),
]
