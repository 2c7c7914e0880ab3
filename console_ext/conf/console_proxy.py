# SPDX-License-Identifier: Apache-2.0
"""[console_proxy]: the proxy's networks, limits and timeouts."""

from oslo_config import cfg

GROUP = 'console_proxy'

OPTS = [
    cfg.ListOpt(
        'trusted_proxies',
        default=[],
        help='Addresses or networks of reverse proxies in front of this one. '
        'X-Forwarded-For is only used if it comes from one of them.',
    ),
    cfg.ListOpt(
        'allowed_targets',
        default=[],
        help='Networks that the proxy may connect to. Empty: any address. A console '
        'outside these networks is refused.',
    ),
    cfg.IntOpt(
        'max_sessions',
        default=10000,
        min=0,
        help='Maximum number of sessions in a worker process. For this and the other '
        'maximums, 0 means no limit, and each WebSocket counts as a session: a SPICE '
        'page opens four or more. The limit of open files also applies: a session '
        'needs two files.',
    ),
    cfg.IntOpt(
        'max_sessions_per_client',
        default=200,
        min=0,
        help='Maximum number of sessions from a client address, or with IPv6 from a '
        '/64 network, in a worker process.',
    ),
    cfg.IntOpt(
        'max_sessions_per_server',
        default=50,
        min=0,
        help='Maximum number of sessions with a server, in a worker process.',
    ),
    cfg.IntOpt(
        'max_sessions_per_project',
        default=1000,
        min=0,
        help="Maximum number of sessions with a project's servers, in a worker "
        'process.',
    ),
    cfg.IntOpt(
        'max_frame_bytes',
        default=2**20,
        min=125,
        max=2**26,
        help='Maximum size of a frame from a client. A larger frame ends the session '
        'with close code 1009.',
    ),
    cfg.IntOpt(
        'max_unsent_bytes',
        default=2**30,
        min=0,
        help='Maximum memory in a worker process for data that a client or a guest '
        'does not accept yet. A session that needs more is closed with close code '
        '1013. A session whose client and guest keep up needs none of it.',
    ),
    cfg.IntOpt(
        'max_unsent_bytes_per_project',
        default=2**27,
        min=0,
        help="The same limit for the sessions with a project's servers.",
    ),
    cfg.FloatOpt(
        'handshake_timeout',
        default=10,
        min=0.1,
        help='Time in seconds in which a client must send a complete request. A VNC '
        'client has as much again for its part of the RFB handshake.',
    ),
    cfg.FloatOpt(
        'store_timeout',
        default=10,
        min=0.1,
        help='Time in seconds to wait for the store of authorizations.',
    ),
    cfg.FloatOpt(
        'connect_timeout',
        default=5,
        min=0.1,
        help="Time in seconds to wait for a connection to a console's port, and for "
        'the handshakes on it.',
    ),
    cfg.FloatOpt(
        'ping_interval',
        default=20,
        min=0,
        help='Time in seconds without data from a client before the proxy sends a '
        'ping; 0 means never. Load balancers often close connections that are idle for '
        '60 s.',
    ),
    cfg.FloatOpt(
        'ping_timeout',
        default=20,
        min=0.1,
        help='Time in seconds to wait for the answer to a ping before the session is '
        'closed.',
    ),
    cfg.FloatOpt(
        'idle_timeout',
        default=0,
        min=0,
        help='Time in seconds without data in either direction before a session is '
        'closed; 0 means never.',
    ),
    cfg.FloatOpt(
        'max_session_time',
        default=0,
        min=0,
        help='Maximum duration of a session in seconds; 0 means no limit. A SPICE '
        'session begins with its first WebSocket. When it ends, no WebSocket can join '
        'it any more, and the user needs a new URL.',
    ),
    cfg.FloatOpt(
        'heartbeat_interval',
        default=5,
        min=0.1,
        help='Interval in seconds at which the proxy renews the leases of its sessions '
        'in the store, and learns which were revoked. At most a third of '
        '[console_tokens] lease, so that a single failure closes no session.',
    ),
    cfg.FloatOpt(
        'drain_timeout',
        default=5,
        min=0,
        help='Time in seconds in which sessions can end by themselves when the proxy '
        'is stopped. Then they are closed.',
    ),
    cfg.FloatOpt(
        'worker_timeout',
        default=15,
        min=0,
        help='Time in seconds after which a worker process with a blocked event loop '
        'is killed and replaced; 0 means never. It needs --workers, because a single '
        'process has no supervisor.',
    ),
    cfg.IntOpt(
        'threads',
        default=16,
        min=1,
        max=512,
        help='Number of threads that redeem tokens. A client uses at most a quarter of '
        'them.',
    ),
]
