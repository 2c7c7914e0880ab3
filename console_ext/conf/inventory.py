# SPDX-License-Identifier: Apache-2.0
"""[inventory]: the YAML file that names servers and their consoles."""

from oslo_config import cfg

GROUP = 'inventory'

OPTS = [
    cfg.StrOpt(
        'file',
        default='inventory.yaml',
        help='The inventory: a path, or a name that is looked for beside the '
        'configuration files. It is read again when it changes.',
    ),
    cfg.FloatOpt(
        'check_interval',
        default=1,
        min=0,
        help='Seconds between two looks at whether the file has changed.',
    ),
]
