# SPDX-License-Identifier: Apache-2.0
"""[consoleauth]: Nova's group of this name."""

from oslo_config import cfg

GROUP = 'consoleauth'

OPTS = [
    cfg.IntOpt(
        'token_ttl',
        default=600,
        min=0,
        help='Seconds within which the URL of a console is to be opened. What is open '
        'by then stays open, unless enforce_session_timeout says otherwise.',
    ),
    cfg.BoolOpt(
        'enforce_session_timeout',
        default=False,
        help='End a console session, and let no WebSocket join it, when its token '
        'expires: token_ttl seconds after the URL was asked for.',
    ),
]
