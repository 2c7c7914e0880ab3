# SPDX-License-Identifier: Apache-2.0
"""[inventory]: the YAML file that lists servers and their consoles."""

from oslo_config import cfg

GROUP = 'inventory'

OPTS = [
    cfg.StrOpt(
        'file',
        default='inventory.yaml',
        help='The inventory file: a path, or the name of a file in a directory of the '
        'configuration files. It is reloaded when it changes.',
    ),
    cfg.FloatOpt(
        'check_interval',
        default=1,
        min=0,
        help='Interval in seconds at which the file is checked for changes.',
    ),
]
