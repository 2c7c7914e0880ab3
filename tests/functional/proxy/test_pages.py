# SPDX-License-Identifier: Apache-2.0
"""What the proxy answers to plain HTTP clients."""

from __future__ import annotations

import pytest
import requests

from tests.functional.proxy.wire import (
    modules_path,
    receive_until,
    upgrade,
)


@pytest.fixture
def get(proxy):
    """A function that fetches a path of the SPICE port on one connection."""
    session = requests.Session()

    def get(path, name='SPICE', method='GET'):
        url = f'{proxy.proxy.url(name)}{path}'
        return session.request(method, url, allow_redirects=False, timeout=30)

    yield get
    session.close()


def test_the_page(get):
    """The page has security headers."""
    response = get('/spice_auto.html?token=x')
    assert response.status_code == 200
    assert 'token=x' not in response.text
    headers = response.headers
    assert headers['Content-Type'] == 'text/html; charset=utf-8'
    assert headers['X-Content-Type-Options'] == 'nosniff'
    assert headers['Referrer-Policy'] == 'no-referrer'
    assert headers['Cache-Control'] == 'no-store'
    assert headers['Vary'] == 'Accept-Encoding'
    policy = headers['Content-Security-Policy']
    assert "default-src 'none'; script-src 'self';" in policy
    assert 'frame-ancestors https://console.example.org:443' in policy
    assert 'unsafe' not in policy


@pytest.mark.parametrize(
    ('path', 'kind'),
    [
        ('{web}/spice.js', 'text/javascript; charset=utf-8'),
        ('{web}/shell.css', 'text/css; charset=utf-8'),
        ('{web}/spice-html5/spice.js', 'text/javascript; charset=utf-8'),
        ('{web}/spice-html5/main.js', 'text/javascript; charset=utf-8'),
        ('{web}/spice-html5/thirdparty/rsa.js', 'text/javascript; charset=utf-8'),
        ('/healthcheck', 'text/plain; charset=utf-8'),
    ],
)
def test_the_table(get, path, kind):
    """Our files, the modules of spice-html5, and the health check."""
    path = path.format(web=modules_path(get('/spice_auto.html').text))
    response = get(path)
    assert (response.status_code, response.headers['Content-Type']) == (200, kind)
    assert get(path, method='HEAD').content == b''
    assert get(path, method='POST').status_code == 405


@pytest.mark.parametrize(
    'path',
    [
        '/nothing',
        '/index.html',
        '/secret.txt',
        '{web}/spice-html5/secret.txt',
        '{web}/spice-html5/',
        '{web}/spice-html5/../secret.txt',
        '{web}/spice_auto.html',
        '/spice-html5/main.js',
        '/../etc/passwd',
        '/spice_auto.html/',
        '/SPICE_AUTO.HTML',
        '/%73pice_auto.html',
        '//spice_auto.html',
    ],
)
def test_nothing_else_is_served(proxy, get, path):
    """Paths outside the table do not exist."""
    path = path.format(web=modules_path(get('/spice_auto.html').text))
    answer = proxy.ask(f'GET {path} HTTP/1.1\r\n\r\n'.encode(), 'SPICE')
    assert answer.startswith(b'HTTP/1.1 404')


def test_a_browser_on_the_serial_port(get):
    """426, with a message that names a client to use."""
    response = get('/?token=x', 'serial')
    assert (response.status_code, response.headers['Upgrade']) == (426, 'websocket')
    assert 'websocat' in response.text


def test_pages_share_a_connection(proxy):
    """Also requests that are sent without waiting for answers."""
    with proxy.raw('SPICE') as client:
        request = b'GET /healthcheck HTTP/1.1\r\n\r\n'
        last = request.replace(b'\r\n\r\n', b'\r\nConnection: close\r\n\r\n')
        client.sendall(request * 50 + last)
        assert receive_until(client, None).count(b'\r\n\r\nOK\n') == 51


def test_spice_html5_is_not_installed(served, tmp_path):
    """A message instead of the page; the rest is served."""
    proxy = served.start(spice={'html5proxy_web': tmp_path / 'none'})
    answer = proxy.ask(b'GET /spice_auto.html HTTP/1.0\r\n\r\n', 'SPICE')
    assert answer.startswith(b'HTTP/1.1 503')
    assert b'spice-html5 is not installed' in answer


@pytest.mark.parametrize(
    ('request_head', 'expected'),
    [
        (b'GET /' + b'a' * 40000 + b' HTTP/1.1\r\n\r\n', b'431'),
        (b'GET / HTTP/1.1\r\n' + b'a: b\r\n' * 200 + b'\r\n', b'431'),
        (b'GET / HTTP/1.1\r\nCookie: ' + b'a' * 9000 + b'\r\n\r\n', b'431'),
        (b'\r\n\r\n', b'400'),
        (b'nonsense\r\n\r\n', b'400'),
        (b'GET / HTTP/2.0\r\n\r\n', b'400'),
        (b'GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello', b'400'),
        (b'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n', b'400'),
        (b'GET / HTTP/1.1\r\nbad name: x\r\n\r\n', b'400'),
        (b'POST / HTTP/1.1\r\n\r\n', b'405'),
        (upgrade('/').replace(b': 13', b': 8'), b'400'),
        (upgrade('/').replace(b'AAAA==', b'=='), b'400'),
    ],
)
def test_requests_that_are_not_right(proxy, request_head, expected):
    """Each invalid request gets an answer with one sentence."""
    answer = proxy.ask(request_head)
    assert answer.split()[1] == expected
    head, _, body = answer.partition(b'\r\n\r\n')
    assert body.endswith(b'.\n')
    assert b'Content-Type: text/plain; charset=utf-8' in head
