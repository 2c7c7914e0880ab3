# SPDX-License-Identifier: Apache-2.0
"""The text of the demo."""

from __future__ import annotations

from pathlib import Path

from console_ext.consoles import NOVNC, SERIAL
from console_ext.demo.links import Console, Link
from console_ext.demo.style import Style
from console_ext.demo.welcome import READY, Welcome

LINKS = [
    Link(Console('web-1', 'one', SERIAL), 'http://127.0.0.1:2/?token=a'),
    Link(Console('vm-1', 'three', NOVNC), 'http://127.0.0.1:4/vnc_lite.html?path=b'),
]


def welcome(**values):
    default = {
        'api': 'http://127.0.0.1:1',
        'server_id': 'one',
        'client': 'console-ext',
        'log': Path('/tmp/demo/console_ext.log'),
        'missing': [],
        'log_in': 'Log in.',
        'enter': False,
        'style': Style(False),
    }
    return Welcome(**{**default, **values})


def test_links_come_first_and_the_end_last():
    text = welcome().text(LINKS)
    at = [
        text.index(one)
        for one in (
            'web-1  terminal        http://127.0.0.1:2/?token=a\n',
            'vm-1   screen (VNC)    http://127.0.0.1:4/vnc_lite.html?path=b\n',
            'paste the curl command below',
            'console-ext --os-auth-type none',
            'openstack --os-auth-type none',
            'curl -s http://127.0.0.1:1/v2.1/servers/one/remote-consoles',
            '/tmp/demo/console_ext.log',
        )
    ]
    assert at == sorted(at)
    assert text.endswith(f'\n{READY}')


def test_enter_where_it_is_read():
    assert 'Enter' not in welcome().text(LINKS)
    assert 'Press Enter here for new links.' in welcome(enter=True).text(LINKS)


def test_no_links():
    """The reason is printed in place of the links."""
    text = welcome(missing=['Install this.', 'And that.']).text([])
    assert text.startswith('Install this.\n\nAnd that.\n\n')
    assert 'once' not in text
