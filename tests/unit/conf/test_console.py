# SPDX-License-Identifier: Apache-2.0
"""[console]"""

from console_ext.conf import console
from tests.unit.conf import options


def test_options():
    """Nova's names and defaults, so that a nova.conf says the same here."""
    assert console.GROUP == 'console'
    assert options.table(console) == {
        'allowed_origins': [],
        'ssl_minimum_version': 'default',
        'ssl_ciphers': None,
    }


def test_values(tmp_path):
    """The versions of TLS that Nova names."""
    options.check(
        tmp_path,
        'console',
        [
            ('ssl_minimum_version', 'tlsv1_3', True),
            ('ssl_minimum_version', 'sslv3', False),
        ],
    )
