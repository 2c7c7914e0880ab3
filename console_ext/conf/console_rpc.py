# SPDX-License-Identifier: Apache-2.0
"""[console_rpc]: the calls to compute hosts, for their client and server."""

from oslo_config import cfg

GROUP = 'console_rpc'

OPTS = [
    cfg.FloatOpt(
        'timeout',
        default=10,
        min=0.1,
        max=3600,
        help='Time in seconds to wait for a compute host. A host without a queue is '
        'reported immediately if the broker supports that.',
    ),
    cfg.IntOpt(
        'max_concurrent_calls',
        default=64,
        min=1,
        max=1000,
        help='Maximum number of concurrent calls of a process on a message bus. '
        'Further calls wait.',
    ),
    cfg.IntOpt(
        'max_calls_per_host',
        default=4,
        min=1,
        max=1000,
        help='Maximum number of concurrent calls of a process to a compute host. '
        'Further calls wait, so that a host that does not answer does not block the '
        'threads for other hosts. If more API requests than this are waiting, the next '
        'ones get status 503 after a second.',
    ),
    cfg.MultiStrOpt(
        'cell_bus',
        default=[],
        secret=True,
        help='For console-ext-proxy in a cloud with several cells. Each line has the '
        'id of a cell, a space, and the transport URL of its message bus, as printed '
        'by "nova-manage cell_v2 list_cells --verbose". The compute hosts of other '
        'cells are called on the bus of transport_url. The API does not need this '
        "option: it gets the URLs from Nova's database.",
    ),
    cfg.StrOpt(
        'driver',
        default='inventory',
        help='The driver with which console-ext-agent finds the consoles of its '
        'servers: "inventory", or the name of another entry point in the namespace '
        'console_ext.compute.drivers.',
    ),
]
