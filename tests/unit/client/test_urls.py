# SPDX-License-Identifier: Apache-2.0
"""Checking and showing console URLs."""

import pytest

from console_ext.client import urls

TOKEN = '5a8db9bd-8513-42a0-b42c-214b8fce4273'


@pytest.mark.parametrize(
    ('url', 'page'),
    [
        (f'ws://h:6083/?token={TOKEN}', f'http://h:6083/?token={TOKEN}'),
        (f'wss://h/s/?token={TOKEN}', f'https://h/s/?token={TOKEN}'),
        (f'WSS://h/?token={TOKEN}', f'https://h/?token={TOKEN}'),
        (
            f'https://h/vnc_lite.html?path=%3Ftoken%3D{TOKEN}',
            f'https://h/vnc_lite.html?path=%3Ftoken%3D{TOKEN}',
        ),
        ('ws://[::1]:6083/', 'http://[::1]:6083/'),
        ('ws://h_1.example.:6083/', 'http://h_1.example.:6083/'),
    ],
)
def test_page(url, page):
    assert urls.page(url) == page


@pytest.mark.parametrize(
    'url',
    [
        'javascript:alert(1)',
        'file:///etc/passwd',
        '--help',
        '',
        'ws://',
        'ws://h:0/',
        'ws://h:99999/',
        'ws://h:x/',
        'ws://[::1/',
        'ws://a..b/',
        f'ws://{"a" * 64}/',
        f'ws://h/ ?token={TOKEN}',
        f'ws://h/\x1b[2J?token={TOKEN}',
        f'ftp://h/?token={TOKEN}',
    ],
)
@pytest.mark.parametrize('use', [urls.page, urls.websocket])
def test_invalid_console_url(url, use):
    """The error does not quote the URL, because it is printed."""
    with pytest.raises(urls.InvalidURL) as caught:
        use(url)
    assert TOKEN not in str(caught.value)
    assert str(caught.value).endswith('.')


def test_websocket():
    assert urls.websocket(f'wss://h/?token={TOKEN}') == f'wss://h/?token={TOKEN}'
    with pytest.raises(urls.InvalidURL):
        urls.websocket(f'https://h/?token={TOKEN}')


@pytest.mark.parametrize(
    ('url', 'place'),
    [
        (f'ws://user:secret@h.example:6083/?token={TOKEN}', 'h.example:6083'),
        ('wss://h/', 'h'),
        ('ws://[::1]:6083/', '[::1]:6083'),
    ],
)
def test_place(url, place):
    assert urls.place(url) == place


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        (f'GET /?token={TOKEN} failed', 'GET /?token=... failed'),
        (
            f'"url": "ws://h/?a=b&token={TOKEN}&c=d"',
            '"url": "ws://h/?a=b&token=...&c=d"',
        ),
        (f'path=%3Ftoken%3D{TOKEN}', 'path=%3Ftoken%3D...'),
        (f'{{"url": "ws://h/?token={TOKEN}\\"}}', '{"url": "ws://h/?token=...\\"}'),
        ('the token is not valid', 'the token is not valid'),
    ],
)
def test_without_tokens(text, shown):
    assert urls.without_tokens(text) == shown


@pytest.mark.parametrize(
    ('url', 'expected'),
    [
        (f'ws://h:1/?token={TOKEN}', 'ws://h:1/?rejoin=k-_1'),
        (f'wss://h/s/?a=b%26&token={TOKEN}', 'wss://h/s/?a=b%26&rejoin=k-_1'),
        ('ws://h/?rejoin=before&c=', 'ws://h/?c=&rejoin=k-_1'),
        ('ws://h/#fragment', 'ws://h/?rejoin=k-_1'),
    ],
)
def test_rejoin(url, expected):
    assert urls.rejoin(url, 'k-_1') == expected
    assert urls.without_tokens(expected).endswith('rejoin=...')


def test_a_key_stays_in_its_field():
    assert urls.rejoin('ws://h/', 'a&token=b') == 'ws://h/?rejoin=a%26token%3Db'
