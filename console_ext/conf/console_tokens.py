# SPDX-License-Identifier: Apache-2.0
"""[console_tokens]: the store of console authorizations."""

from oslo_config import cfg

GROUP = 'console_tokens'

OPTS = [
    cfg.IntOpt(
        'spice_max_sockets',
        default=16,
        min=1,
        max=1024,
        help='Maximum number of simultaneous WebSockets of a SPICE session. A client '
        'opens one for each SPICE channel: four or more.',
    ),
    cfg.FloatOpt(
        'spice_join_grace',
        default=10,
        min=0,
        max=60,
        help='Time in seconds after the last WebSocket of a SPICE session has closed '
        'in which the same client can open another one. The total of such gaps in a '
        'session may be ten times as long. After that the token is invalid.',
    ),
    cfg.IntOpt(
        'spice_max_joins',
        default=500,
        min=1,
        help='Maximum number of WebSockets of a SPICE session in total. A page opens '
        'all channels again when it reconnects. At the limit the user needs a new URL.',
    ),
    cfg.IntOpt(
        'rejoin_grace',
        default=60,
        min=0,
        max=3600,
        help='Time in seconds in which a client can open its serial or VNC session '
        'again after its connection was lost. The page and the terminal client of '
        'console-ext receive a random key for this, which works once and only from the '
        'same address. 0 disables this: then each connection needs a new URL.',
    ),
    cfg.FloatOpt(
        'lease',
        default=60,
        min=1,
        max=3600,
        help='Time in seconds after which a socket counts as closed if its proxy does '
        'not renew its lease. Must be at least three times [console_proxy] '
        'heartbeat_interval, or a proxy does not start.',
    ),
    cfg.IntOpt(
        'timeout',
        default=5,
        min=2,
        max=300,
        help='Time in seconds to wait for a connection to the database, for a lock and '
        'for the result of a statement. After that the database counts as unavailable.',
    ),
    cfg.FloatOpt(
        'purge_interval',
        default=600,
        min=1,
        help='Interval in seconds at which old authorizations are deleted.',
    ),
    cfg.IntOpt(
        'purge_batch',
        default=1000,
        min=1,
        max=10000,
        help='Maximum number of authorizations that a single statement deletes.',
    ),
    cfg.FloatOpt(
        'retention',
        default=3600,
        min=60,
        help='Time in seconds before an authorization is deleted that has expired and '
        'whose session has ended. Until then the log distinguishes used tokens from '
        'unknown ones, and a proxy keeps its sessions if it could not reach the '
        'database for a while.',
    ),
]
