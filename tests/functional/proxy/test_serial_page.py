# SPDX-License-Identifier: Apache-2.0
"""The page of serial consoles over HTTP; tests/integration uses a browser."""

from __future__ import annotations

import gzip
import re

import pytest

from console_ext.proxy.consoles import assets
from tests.functional.proxy.conftest import BASE
from tests.functional.proxy.wire import upgrade

BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

pytestmark = pytest.mark.skipif(
    not assets.are_there(),
    reason='the tree has no assets: python -m build_backend',
)


def get(proxy, path='/', method='GET', **headers) -> tuple[int, dict[str, str], bytes]:
    lines = [f'{method} {path} HTTP/1.1', 'Host: console', 'Connection: close']
    lines += [f'{name.replace("_", "-")}: {value}' for name, value in headers.items()]
    answer = proxy.ask('\r\n'.join([*lines, '', '']).encode())
    head, _, body = answer.partition(b'\r\n\r\n')
    status, *fields = head.decode().split('\r\n')
    return int(status.split()[1]), dict(one.split(': ', 1) for one in fields), body


def test_the_page(proxy):
    """A browser that opens a console URL gets the page, without using the token."""
    token = proxy.token(proxy.guest())
    status, headers, body = get(proxy, f'/?token={token}', Accept=BROWSER)
    assert status == 200
    assert token.encode() not in body
    assert headers['Content-Type'] == 'text/html; charset=utf-8'
    assert headers['Cache-Control'] == 'no-store'
    assert headers['Referrer-Policy'] == 'no-referrer'
    assert headers['Vary'] == 'Accept, Accept-Encoding, Upgrade'
    policy = headers['Content-Security-Policy']
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert 'unsafe' not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert 'frame-ancestors http://console.example.org:6083' in policy
    assert get(proxy, f'/?token={token}', 'HEAD', Accept=BROWSER)[2] == b''
    assert proxy.store.asked == []
    client = proxy.connect(token)
    client.send(b'x')
    assert client.recv() == b'x'


@pytest.mark.parametrize(
    'accept', ['*/*', '', 'text/*', 'application/json', 'text/html;q=0', 'x/text/html']
)
def test_clients_that_do_not_accept_html(proxy, accept):
    """Other clients get the answer for WebSocket clients."""
    status, headers, body = get(proxy, '/?token=x', Accept=accept)
    assert (status, headers['Upgrade']) == (426, 'websocket')
    assert b'in a browser' in body


def test_a_websocket_of_a_browser(proxy):
    """It opens the console, whatever its Accept header is."""
    answer = proxy.ask(upgrade('/?token=x', f'Accept: {BROWSER}'))
    assert answer.startswith(b'HTTP/1.1 401 ')
    assert get(proxy, method='POST', Accept=BROWSER)[0] == 405


def modules(body: bytes) -> list[str]:
    """Return the modules that the page loads."""
    return re.findall(r'(?:src|href)="([^":]+)"', body.decode())


@pytest.mark.parametrize(
    ('base_url', 'path', 'directory'),
    [
        ('ws://a.example/', '/', '/'),
        ('ws://a.example', '/', '/'),
        ('ws://a.example/serial/', '/serial/', '/serial/'),
        # If a reverse proxy removes the prefix.
        ('ws://a.example/serial/', '/', '/'),
        ('ws://a.example/serial', '/serial', '/'),
        ('ws://a.example/a/serial', '/a/serial', '/a/'),
        ('ws://a.example/a/serial', '/a/', '/a/'),
        ('ws://a.example/', '/websockify', '/'),
    ],
)
def test_its_modules(served, base_url, path, directory):
    """They are at the relative URLs, compressed, and cached for a year."""
    options = {**BASE['serial_console'], 'base_url': base_url}
    proxy = served.start(serial_console=options)
    found = modules(get(proxy, path, Accept='text/html')[2])
    assert len(found) > 10
    for one in found:
        plain = get(proxy, f'{directory}{one}')
        packed = get(proxy, f'{directory}{one}', Accept_Encoding='gzip, br')
        assert (plain[0], packed[0]) == (200, 200), one
        assert 'immutable' in plain[1]['Cache-Control']
        assert plain[1]['Vary'] == 'Accept-Encoding'
        assert 'Content-Encoding' not in plain[1]
        assert packed[1]['Content-Encoding'] == 'gzip'
        assert len(packed[2]) < len(plain[2])
        assert gzip.decompress(packed[2]) == plain[2]


def test_what_its_modules_import(proxy):
    """Every imported module is served."""
    wanted = [f'/{one}' for one in modules(get(proxy, Accept='text/html')[2])]
    seen = set()
    while wanted:
        path = wanted.pop()
        if path in seen:
            continue
        seen.add(path)
        status, _, body = get(proxy, path)
        assert status == 200, path
        if '/assets/' not in path:
            found = re.findall(r"(?:from|import\() ?'(\./[^']+)'", body.decode())
            directory = path.rpartition('/')[0]
            wanted += [f'{directory}/{one.removeprefix("./")}' for one in found]
    assert any(path.endswith('addon-webgl.mjs') for path in seen)


def test_a_build_without_npm(served, monkeypatch, caplog):
    """The message names what is missing; terminal clients still work."""
    monkeypatch.setattr(assets, 'packages', lambda names: None)
    proxy = served.start()
    token = proxy.token(proxy.guest())
    status, headers, body = get(proxy, f'/?token={token}', Accept=BROWSER)
    assert (status, body.decode()) == (503, f'{assets.MISSING}\n')
    assert headers['Content-Type'].startswith('text/plain')
    assert [one for one in caplog.messages if assets.MISSING in one]
    client = proxy.connect(token)
    client.send(b'x')
    assert client.recv() == b'x'
