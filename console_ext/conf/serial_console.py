# SPDX-License-Identifier: Apache-2.0
"""[serial_console]: options of Nova's group of this name."""

from oslo_config import cfg

GROUP = 'serial_console'

OPTS = [
    cfg.BoolOpt(
        'enabled',
        default=False,
        help='Whether the servers of this compute host have serial consoles.',
    ),
    cfg.URIOpt(
        'base_url',
        default='ws://127.0.0.1:6083/',
        schemes=['ws', 'wss'],
        help='Public URL of the serial console proxy. The token is added to its query.',
    ),
    cfg.HostAddressOpt(
        'serialproxy_host',
        default='127.0.0.1',
        help='Address that the proxy listens on for serial consoles.',
    ),
    cfg.PortOpt(
        'serialproxy_port',
        default=6083,
        help='Port that the proxy listens on for serial consoles.',
    ),
]
