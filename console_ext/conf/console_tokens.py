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
        help='WebSockets that one SPICE session may have open at once. A client opens '
        'one for each SPICE channel: four or more.',
    ),
    cfg.FloatOpt(
        'spice_join_grace',
        default=10,
        min=0,
        max=60,
        help='Seconds after the last WebSocket of a SPICE session has closed in which '
        'the same client may still open another; ten times as long in all such gaps '
        'of a session together. Then the token is used up.',
    ),
    cfg.IntOpt(
        'spice_max_joins',
        default=500,
        min=1,
        help='WebSockets that one SPICE session may open in all. A page that connects '
        'again opens as many as the first time; then the user needs a new URL.',
    ),
    cfg.FloatOpt(
        'lease',
        default=60,
        min=1,
        max=3600,
        help='Seconds after which a socket that its proxy no longer reports counts as '
        'closed. [console_proxy] heartbeat_interval sets how often proxies report '
        'theirs; a proxy starts only if this is at least three times as long.',
    ),
    cfg.IntOpt(
        'timeout',
        default=5,
        min=2,
        max=300,
        help='Seconds that the database may take to accept a connection, to give a '
        'lock or to answer a statement; then it counts as unavailable.',
    ),
    cfg.FloatOpt(
        'purge_interval',
        default=600,
        min=1,
        help='Seconds between two clearings of what has expired or was used up.',
    ),
    cfg.IntOpt(
        'purge_batch',
        default=1000,
        min=1,
        max=10000,
        help='Authorizations that one statement of a clearing deletes.',
    ),
    cfg.FloatOpt(
        'retention',
        default=3600,
        min=60,
        help='Seconds for which an authorization that has expired, and whose session '
        'has ended, is kept: until then the log can tell a used token from an unknown '
        'one, and a proxy that could not reach the database for a while finds its '
        'sessions again.',
    ),
]
