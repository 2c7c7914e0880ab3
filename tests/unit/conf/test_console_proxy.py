# SPDX-License-Identifier: Apache-2.0
"""[console_proxy]"""

from console_ext.conf import console_proxy
from tests.unit.conf import options


def test_options():
    """Caps that are there, pings within a minute, and no end that nobody asked for."""
    assert console_proxy.GROUP == 'console_proxy'
    assert options.table(console_proxy) == {
        'trusted_proxies': [],
        'allowed_targets': [],
        'max_sessions': 10000,
        'max_sessions_per_client': 200,
        'max_sessions_per_server': 50,
        'max_sessions_per_project': 1000,
        'max_frame_bytes': 2**20,
        'max_unsent_bytes': 2**30,
        'max_unsent_bytes_per_project': 2**27,
        'handshake_timeout': 10,
        'store_timeout': 10,
        'connect_timeout': 5,
        'ping_interval': 20,
        'ping_timeout': 20,
        'idle_timeout': 0,
        'max_session_time': 0,
        'heartbeat_interval': 5,
        'drain_timeout': 5,
        'worker_timeout': 15,
        'threads': 16,
    }


def test_values(tmp_path):
    """Nothing negative, and nothing that takes all the memory."""
    options.check(
        tmp_path,
        'console_proxy',
        [
            ('max_sessions', '0', True),
            ('max_sessions', '-1', False),
            ('max_frame_bytes', '1073741824', False),
            ('ping_interval', '0', True),
            ('handshake_timeout', '0', False),
        ],
    )
