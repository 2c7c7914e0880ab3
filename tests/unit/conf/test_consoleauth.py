# SPDX-License-Identifier: Apache-2.0
"""[consoleauth]"""

from console_ext.conf import consoleauth
from tests.unit.conf import options


def test_options():
    """Names and defaults are Nova's."""
    assert consoleauth.GROUP == 'consoleauth'
    assert options.table(consoleauth) == {
        'token_ttl': 600,
        'enforce_session_timeout': False,
    }


def test_values(tmp_path):
    """A token may be dead at once, but not before."""
    options.check(
        tmp_path, 'consoleauth', [('token_ttl', '0', True), ('token_ttl', '-1', False)]
    )
