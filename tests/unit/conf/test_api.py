# SPDX-License-Identifier: Apache-2.0
"""[api]"""

from console_ext.conf import api
from tests.unit.conf import options


def test_options():
    """Names and defaults are what operators rely on."""
    assert api.GROUP == 'api'
    assert options.table(api) == {
        'disabled_extensions': [],
        'servers': 'inventory',
        'upstream_roles': ['admin'],
        'look_up_timeout': 10,
        'auth_strategy': 'keystone',
        'paste_config': 'api-paste.ini',
        'listen_host': '127.0.0.1',
        'listen_port': 8774,
        'threads': 16,
        'noauth_allow_remote': False,
        'noauth_user_id': 'demo',
        'noauth_project_id': 'aaaaaaaa00004000800000000000000a',
        'noauth_roles': ['member', 'reader'],
    }


def test_values(tmp_path):
    """What cannot be meant is refused."""
    options.check(
        tmp_path,
        'api',
        [
            ('auth_strategy', 'noauth', True),
            ('auth_strategy', 'none', False),
            ('listen_host', '::1', True),
            ('listen_host', 'two words', False),
            ('listen_port', '0', True),
            ('listen_port', '65536', False),
            ('threads', '1', True),
            ('threads', '0', False),
            ('threads', '513', False),
            ('noauth_allow_remote', 'perhaps', False),
        ],
    )
