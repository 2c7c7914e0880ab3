# SPDX-License-Identifier: Apache-2.0
"""[console_rpc]: both ends of the call that finds a console."""

from oslo_config import cfg

GROUP = 'console_rpc'

OPTS = [
    cfg.FloatOpt(
        'timeout',
        default=10,
        min=0.1,
        max=3600,
        help='Seconds to wait for a compute host. A host that nobody answers for is '
        'known at once, where the broker can tell.',
    ),
    cfg.IntOpt(
        'max_concurrent_calls',
        default=64,
        min=1,
        max=1000,
        help='Calls that one process has under way at once on one message bus; the '
        'others wait for their turn.',
    ),
    cfg.IntOpt(
        'max_calls_per_host',
        default=4,
        min=1,
        max=1000,
        help='Calls that one process has under way at once to one compute host. The '
        'others wait for their turn, so that a host that does not answer keeps only '
        'so many threads from the calls to other hosts. Where more API requests than '
        'this wait, the last of them wait for a second and are then answered 503.',
    ),
    cfg.MultiStrOpt(
        'cell_bus',
        default=[],
        secret=True,
        help='For console-ext-proxy in a cloud of several cells, a line each: the id '
        'of a cell, a space, and the transport URL of its message bus (both are what '
        '"nova-manage cell_v2 list_cells --verbose" prints). Compute hosts of a cell '
        'that has no line are asked on the bus that transport_url names. The API '
        "needs none: it has the URLs from Nova's own database.",
    ),
    cfg.StrOpt(
        'driver',
        default='inventory',
        help='How console-ext-agent finds the consoles of its servers: a name in '
        'the entry point namespace console_ext.compute.drivers.',
    ),
]
