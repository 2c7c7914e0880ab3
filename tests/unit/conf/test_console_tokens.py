# SPDX-License-Identifier: Apache-2.0
"""[console_tokens]"""

from console_ext.conf import console_tokens
from tests.unit.conf import options


def test_options():
    """Names and defaults are what operators rely on."""
    assert console_tokens.GROUP == 'console_tokens'
    assert options.table(console_tokens) == {
        'spice_max_sockets': 16,
        'spice_join_grace': 10,
        'spice_max_joins': 500,
        'lease': 60,
        'timeout': 5,
        'purge_interval': 600,
        'purge_batch': 1000,
        'retention': 3600,
    }


def test_values(tmp_path):
    """Every wait and every list has a bound."""
    options.check(
        tmp_path,
        'console_tokens',
        [
            ('spice_max_sockets', '0', False),
            ('spice_join_grace', '0', True),
            ('spice_join_grace', '61', False),
            ('spice_max_joins', '0', False),
            ('timeout', '0', False),
            ('purge_batch', '0', False),
            ('lease', '0', False),
        ],
    )
