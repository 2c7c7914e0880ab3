# SPDX-License-Identifier: Apache-2.0
"""[consoleauth]: options of Nova's group of this name."""

from oslo_config import cfg

GROUP = 'consoleauth'

OPTS = [
    cfg.IntOpt(
        'token_ttl',
        default=600,
        min=0,
        help='Time in seconds in which the URL of a console can be opened. Open '
        'consoles stay open after that, unless enforce_session_timeout is set.',
    ),
    cfg.BoolOpt(
        'enforce_session_timeout',
        default=False,
        help='End a console session when its token expires, token_ttl seconds after '
        'the URL was requested. After that no WebSocket can join it.',
    ),
]
