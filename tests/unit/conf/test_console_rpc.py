# SPDX-License-Identifier: Apache-2.0
"""[console_rpc]"""

from console_ext.conf import console_rpc
from tests.unit.conf import options


def test_options():
    """Names and defaults are what operators rely on."""
    assert console_rpc.GROUP == 'console_rpc'
    assert options.table(console_rpc) == {
        'timeout': 10,
        'max_concurrent_calls': 64,
        'max_calls_per_host': 4,
        'cell_bus': [],
        'driver': 'inventory',
    }


def test_values(tmp_path):
    """A wait has an end, and a number of calls too."""
    options.check(
        tmp_path,
        'console_rpc',
        [
            ('timeout', '0.1', True),
            ('timeout', '0', False),
            ('timeout', '-1', False),
            ('timeout', '3601', False),
            ('timeout', 'soon', False),
            ('max_concurrent_calls', '0', False),
            ('max_calls_per_host', '0', False),
            ('max_concurrent_calls', '1001', False),
        ],
    )
