# SPDX-License-Identifier: Apache-2.0
"""URLs with tokens."""

from __future__ import annotations

import pytest

from console_ext import access_url
from console_ext.consoles import NOVNC, SERIAL, SPICE_HTML5

TOKEN = '6f9c1c0e-6a3e-4a43-9d5e-3f1f2a3b4c5d'
NEW = 'A-b_c9'


@pytest.mark.parametrize(
    ('console_type', 'base_url', 'expected'),
    [
        (SERIAL, 'ws://h:6083/', f'ws://h:6083/?token={TOKEN}'),
        (SERIAL, 'wss://h/a?b=c', f'wss://h/a?b=c&token={TOKEN}'),
        (
            SPICE_HTML5,
            'http://h:6082/spice_auto.html',
            f'http://h:6082/spice_auto.html?token={TOKEN}',
        ),
        # As recorded from Nova.
        (
            NOVNC,
            'http://127.0.0.1:6080/vnc_auto.html',
            f'http://127.0.0.1:6080/vnc_auto.html?path=%3Ftoken%3D{TOKEN}',
        ),
        (
            NOVNC,
            'http://h/novnc/vnc_auto.html?path=novnc&autoconnect=1',
            f'http://h/novnc/vnc_auto.html?path=novnc%3Ftoken%3D{TOKEN}&autoconnect=1',
        ),
        (
            NOVNC,
            'https://h/vnc.html?autoconnect=1&empty=',
            f'https://h/vnc.html?path=%3Ftoken%3D{TOKEN}&autoconnect=1&empty=',
        ),
    ],
)
def test_build(console_type, base_url, expected):
    assert access_url.build(base_url, console_type, TOKEN) == expected


@pytest.mark.parametrize(
    ('base_url', 'expected'),
    [
        ('ws://127.0.0.1:6083/', 'ws://127.0.0.1:6083/?token=a'),
        ('ws://[2001:db8::1]:6083/', 'ws://[2001:db8::1]:6083/?token=a'),
        ('wss://console.example', 'wss://console.example?token=a'),
        ('ws://h:1/p/q', 'ws://h:1/p/q?token=a'),
        ('ws://h:1/?zone=eu&x=1', 'ws://h:1/?zone=eu&x=1&token=a'),
        ('http://h/spice.html#top', 'http://h/spice.html?token=a#top'),
    ],
)
def test_build_beside_what_stands_there(base_url, expected):
    """The token is added to the query; the rest of the URL does not change."""
    assert access_url.build(base_url, SERIAL, 'a') == expected


@pytest.mark.parametrize(
    ('console_type', 'base_url'),
    [
        (SERIAL, 'ws://h/'),
        (SPICE_HTML5, 'http://h/spice_auto.html?a=b'),
        (NOVNC, 'http://h/vnc_auto.html?path=websockify'),
    ],
)
def test_replace_token(console_type, base_url):
    """The rest of the URL does not change, whatever the type is."""
    url = access_url.build(base_url, console_type, TOKEN)
    expected = access_url.build(base_url, console_type, NEW)
    assert access_url.replace_token(url, TOKEN, NEW) == expected


@pytest.mark.parametrize(
    ('url', 'token'),
    [
        ('ws://h/', TOKEN),
        (f'ws://h/?token={TOKEN}&again={TOKEN}', TOKEN),
        ('ws://h/?token=', ''),
    ],
)
def test_a_token_that_cannot_be_replaced(url, token):
    """It would be given to the user."""
    with pytest.raises(ValueError, match='once') as caught:
        access_url.replace_token(url, token, NEW)
    assert TOKEN not in str(caught.value)
