# SPDX-License-Identifier: Apache-2.0
"""[spice]"""

from console_ext.conf import spice
from tests.unit.conf import options


def test_options():
    """Nova's names and defaults, so that a nova.conf says the same here."""
    assert spice.GROUP == 'spice'
    assert options.table(spice) == {
        'enabled': False,
        'html5proxy_base_url': 'http://127.0.0.1:6082/spice_auto.html',
        'html5proxy_host': '127.0.0.1',
        'html5proxy_port': 6082,
        'html5proxy_web': '/usr/share/spice-html5',
    }


def test_values(tmp_path):
    """A URL of a page, and of no other kind."""
    options.check(
        tmp_path,
        'spice',
        [
            ('html5proxy_base_url', 'https://[2001:db8::1]/a.html?x=1', True),
            ('html5proxy_base_url', 'ws://127.0.0.1/', False),
        ],
    )
