# SPDX-License-Identifier: Apache-2.0
"""[console_proxy]: what the proxy lets through, how much of it and how long."""

from oslo_config import cfg

GROUP = 'console_proxy'

OPTS = [
    cfg.ListOpt(
        'trusted_proxies',
        default=[],
        help='Addresses or networks of reverse proxies in front of this one. Only '
        "their X-Forwarded-For is believed; anybody else's is ignored.",
    ),
    cfg.ListOpt(
        'allowed_targets',
        default=[],
        help='Networks that consoles may be in; with none, any. An authorization '
        'that names an address outside is refused.',
    ),
    cfg.IntOpt(
        'max_sessions',
        default=10000,
        min=0,
        help='Sessions that one worker process holds at once. For this and the other '
        'caps, 0 is no cap, and each WebSocket is a session: a SPICE page opens four '
        'or more. The limit of open files is a cap, too: a session takes two.',
    ),
    cfg.IntOpt(
        'max_sessions_per_client',
        default=200,
        min=0,
        help='Sessions from one client address, or in IPv6 from one /64 network, in '
        'one worker process.',
    ),
    cfg.IntOpt(
        'max_sessions_per_server',
        default=50,
        min=0,
        help='Sessions on one server, in one worker process.',
    ),
    cfg.IntOpt(
        'max_sessions_per_project',
        default=1000,
        min=0,
        help="Sessions on one project's servers, in one worker process.",
    ),
    cfg.IntOpt(
        'max_frame_bytes',
        default=2**20,
        min=125,
        max=2**26,
        help='Longest frame that is taken from a client; a longer one ends the '
        'session with close code 1009.',
    ),
    cfg.IntOpt(
        'max_unsent_bytes',
        default=2**30,
        min=0,
        help='Memory, in one worker process, for bytes that wait because a client or '
        'a guest does not take them; a session that would need more is closed with '
        'close code 1013. A session whose two sides keep up needs none of it.',
    ),
    cfg.IntOpt(
        'max_unsent_bytes_per_project',
        default=2**27,
        min=0,
        help="The same for the sessions on one project's servers.",
    ),
    cfg.FloatOpt(
        'handshake_timeout',
        default=10,
        min=0.1,
        help='Seconds that a client has to send a request, and a VNC client then for '
        'its part of the RFB handshake.',
    ),
    cfg.FloatOpt(
        'store_timeout',
        default=10,
        min=0.1,
        help='Seconds to wait for the store of authorizations.',
    ),
    cfg.FloatOpt(
        'connect_timeout',
        default=5,
        min=0.1,
        help="Seconds to wait for a console's port to accept the connection, and for "
        'the handshakes on it.',
    ),
    cfg.FloatOpt(
        'ping_interval',
        default=20,
        min=0,
        help='Seconds of silence after which a client is pinged; 0 is never. Load '
        'balancers often cut connections that are idle for 60 s.',
    ),
    cfg.FloatOpt(
        'ping_timeout',
        default=20,
        min=0.1,
        help='Seconds after an unanswered ping at which a client is given up.',
    ),
    cfg.FloatOpt(
        'idle_timeout',
        default=0,
        min=0,
        help='Seconds without a byte in either direction after which a session is '
        'closed; 0 is never.',
    ),
    cfg.FloatOpt(
        'max_session_time',
        default=0,
        min=0,
        help='Seconds after which a session is closed, whatever it does; 0 is never. '
        'For SPICE they count from the first WebSocket of the session, and then none '
        'can be opened: the user needs a new URL.',
    ),
    cfg.FloatOpt(
        'heartbeat_interval',
        default=5,
        min=0.1,
        help='Seconds between two reports of the live sessions to the store, which '
        'answers with those that were revoked. At most a third of '
        '[console_tokens] lease, so that one lost report closes no session.',
    ),
    cfg.FloatOpt(
        'drain_timeout',
        default=5,
        min=0,
        help='Seconds that sessions have, when the proxy is stopped, to end by '
        'themselves before they are closed.',
    ),
    cfg.FloatOpt(
        'worker_timeout',
        default=15,
        min=0,
        help='Seconds for which the event loop of a worker process may stand still '
        'before the worker is killed and replaced; 0 is for ever. Only with '
        '--workers: a single process has nobody that watches it.',
    ),
    cfg.IntOpt(
        'threads',
        default=16,
        min=1,
        max=512,
        help='Tokens that are redeemed at once, each in a thread. A client has at '
        'most a quarter of them.',
    ),
]
