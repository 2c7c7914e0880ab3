# SPDX-License-Identifier: Apache-2.0
"""[serial_console]"""

from console_ext.conf import serial_console
from tests.unit.conf import options


def test_options():
    """Nova's names and defaults, so that a nova.conf says the same here."""
    assert serial_console.GROUP == 'serial_console'
    assert options.table(serial_console) == {
        'enabled': False,
        'base_url': 'ws://127.0.0.1:6083/',
        'serialproxy_host': '127.0.0.1',
        'serialproxy_port': 6083,
    }


def test_values(tmp_path):
    """A URL of the proxy, and of no other kind."""
    options.check(
        tmp_path,
        'serial_console',
        [
            ('base_url', 'wss://[2001:db8::1]:6083/?zone=eu', True),
            ('base_url', 'http://127.0.0.1/', False),
            ('base_url', 'no url', False),
        ],
    )
