# SPDX-License-Identifier: Apache-2.0
"""The listener of VNC consoles with real requests."""

from __future__ import annotations

import json

import pytest
import requests
from websockets.exceptions import InvalidStatus

from console_ext.proxy.relay.control import SUBPROTOCOL
from tests.functional.proxy.wire import closed, modules_path, receive_until, upgrade
from tests.parts.authority import Authority
from tests.parts.vnc_host import SERVER_INIT, VERSION, VNCHost
from tests.parts.waiting import wait_for

PAGES = ['/vnc_lite.html', '/vnc_auto.html', '/vnc.html']


@pytest.fixture
def host():
    """A function that creates a VNC server."""
    made = []

    def host(*args, **options):
        made.append(VNCHost(*args, **options))
        return made[-1]

    yield host
    for one in made:
        one.close()


@pytest.fixture
def token(proxy, host):
    """A function that creates a token for a new VNC server."""

    def token(*args, **options):
        return proxy.token(host(*args, **options), console_type='novnc')

    return token


def shake_hands(client) -> None:
    """Do a client's handshake on a WebSocket: each message is in a frame of its own."""
    for expected, answer in (
        (VERSION, VERSION),
        (b'\1\1', b'\1'),
        (bytes(4), b'\1'),
        (SERVER_INIT, b''),
    ):
        assert client.recv(timeout=30) == expected
        if answer:
            client.send(answer)


@pytest.fixture
def get(proxy):
    """A function that fetches a path of the VNC port."""

    def get(path):
        url = f'{proxy.proxy.url("VNC")}{path}'
        return requests.get(url, allow_redirects=False, timeout=30)

    return get


@pytest.mark.usefixtures('loop')
@pytest.mark.parametrize('path', ['/', '/websockify', *PAGES])
def test_a_console(served, host, path):
    """All paths at which versions of noVNC open a WebSocket, on both event loops."""
    proxy = served.start()
    client = proxy.connect(proxy.token(host(), console_type='novnc'), path, 'VNC')
    shake_hands(client)
    client.send(b'keys')
    assert client.recv(timeout=30) == b'keys'
    client.close()
    wait_for(lambda: not proxy.store.open_sockets)


def test_the_url_of_the_page_opens_a_console(proxy, token):
    """The token is also in the URL where noVNC's page expects it."""
    target = f'/vnc_auto.html?path=%3Ftoken%3D{token()}&title=x'
    with proxy.raw('VNC') as client:
        client.sendall(upgrade(target, 'Sec-WebSocket-Protocol: binary'))
        answer = receive_until(client, VERSION)
        assert answer.startswith(b'HTTP/1.1 101')


def test_a_page_and_a_console_by_turns(proxy, token):
    """On one connection and at one path, the request decides."""
    target = f'/vnc_lite.html?token={token()}'
    with proxy.raw('VNC') as client:
        client.sendall(f'GET {target} HTTP/1.1\r\nHost: x\r\n\r\n'.encode())
        assert b'noVNC' in receive_until(client, b'</html>')
        assert proxy.store.asked == []
        client.sendall(upgrade(target))
        assert b'HTTP/1.1 101' in receive_until(client, VERSION)


@pytest.mark.parametrize(
    ('console_type', 'name'),
    [
        ('novnc', 'serial'),
        ('novnc', 'SPICE'),
        ('serial', 'VNC'),
        ('spice-html5', 'VNC'),
    ],
)
def test_a_token_opens_its_own_type(proxy, host, console_type, name):
    """VNC tokens are only valid here, and other tokens are not."""
    guest = host()
    with pytest.raises(InvalidStatus) as caught:
        proxy.connect(proxy.token(guest, console_type=console_type), name=name)
    assert caught.value.response.status_code == 401
    assert guest.accepted == 0


def test_a_token_opens_once(proxy, token):
    """Like the token of a serial console."""
    used = token()
    proxy.connect(used, name='VNC')
    with pytest.raises(InvalidStatus) as caught:
        proxy.connect(used, name='VNC')
    assert caught.value.response.status_code == 401


@pytest.mark.parametrize(
    ('target', 'headers', 'status'),
    [
        ('/?token=bad', [], 401),
        ('/', [], 401),
        ('/', ['Cookie: token={token}; path=%3Ftoken%3D{token}'], 401),
        ('/?token={token}', ['Origin: http://evil.example'], 403),
        ('/?token={token}&path=%3Ftoken%3Dother', [], 400),
        ('/?token={token}', ['Sec-WebSocket-Protocol: chat'], 400),
        ('/?token={token}', ['Sec-WebSocket-Version: 13'], 400),
        ('/nothing?token={token}', [], 404),
    ],
)
def test_a_refusal_has_no_text(proxy, token, target, headers, status):
    """tempest would parse it as a frame; it reads the status."""
    made = token()
    request = upgrade(
        target.format(token=made), *(one.format(token=made) for one in headers)
    )
    head, _, body = proxy.ask(request, 'VNC').partition(b'\r\n\r\n')
    assert (int(head.split()[1]), body) == (status, b'')
    assert b'Content-Length: 0' in head
    # Other clients get the message.
    _, _, body = proxy.ask(request).partition(b'\r\n\r\n')
    assert body.endswith(b'.\n')


def test_a_host_that_refuses(proxy, token):
    """The client gets a status, and the token can be used again."""
    made = token(b'\2')
    for _ in range(2):
        with pytest.raises(InvalidStatus) as caught:
            proxy.connect(made, name='VNC')
        assert caught.value.response.status_code == 502
        assert caught.value.response.body == b''
    assert proxy.store.open_sockets == 0


@pytest.mark.usefixtures('loop')
def test_new_certificates(served, host, tmp_path, caplog):
    """SIGHUP reloads those for compute hosts; invalid ones change nothing."""
    former, new = Authority(tmp_path / 'former'), Authority(tmp_path / 'new')
    ca_certs = tmp_path / 'ca.pem'
    ca_certs.write_bytes(former.file.read_bytes())
    proxy = served.start(
        vnc={'auth_schemes': 'vencrypt', 'vencrypt_ca_certs': ca_certs}
    )

    def opens(authority):
        guest = host(b'\x13', tls=authority.server('127.0.0.1'))
        made = proxy.token(guest, console_type='novnc')
        try:
            shake_hands(proxy.connect(made, name='VNC'))
        except InvalidStatus as error:
            return error.response.status_code
        return 101

    assert (opens(former), opens(new)) == (101, 502)
    ca_certs.write_bytes(new.file.read_bytes())
    proxy.proxy.reload()
    wait_for(lambda: opens(new) == 101)
    assert opens(former) == 502
    ca_certs.write_text('nonsense')
    proxy.proxy.reload()
    wait_for(lambda: 'The previous certificate stays in force' in caplog.text)
    assert '[vnc] vencrypt_ca_certs' in caplog.text
    assert opens(new) == 101


def test_our_page(proxy, token):
    """It offers console-ext.v1; its text frames are no part of the handshake."""
    client = proxy.connect(token(), name='VNC', subprotocols=[SUBPROTOCOL])
    assert client.subprotocol == SUBPROTOCOL
    assert set(json.loads(client.recv(timeout=30))) == {'rejoin', 'within'}
    client.send('{"drawn": 0}')
    shake_hands(client)
    client.send('{"drawn": 20}')


def test_text_is_no_vnc(proxy, token):
    """RFB is binary."""
    client = proxy.connect(token(), name='VNC')
    client.send('RFB 003.008\n')
    assert closed(client)[0] == 1003


@pytest.mark.parametrize('path', PAGES)
def test_the_page(get, path):
    """One page with three names, for browsers and for other clients."""
    response = get(f'{path}?path=%3Ftoken%3Dx')
    assert response.status_code == 200
    assert response.text == get(PAGES[0]).text
    assert response.headers['Content-Type'] == 'text/html; charset=utf-8'
    policy = response.headers['Content-Security-Policy']
    assert "default-src 'none'; script-src 'self';" in policy
    assert 'frame-ancestors https://console.example.org:443' in policy


def test_the_table(get):
    """Our files and the modules of noVNC, including those in parent directories."""
    web = modules_path(get(PAGES[0]).text)
    for path, kind in (
        (f'{web}/vnc.js', 'text/javascript; charset=utf-8'),
        (f'{web}/shell.css', 'text/css; charset=utf-8'),
        (f'{web}/novnc/rfb.js', 'text/javascript; charset=utf-8'),
        (f'{web}/novnc/core/rfb.js', 'text/javascript; charset=utf-8'),
        (f'{web}/novnc/core/util/log.js', 'text/javascript; charset=utf-8'),
        (f'{web}/novnc/vendor/pako.js', 'text/javascript; charset=utf-8'),
        ('/healthcheck', 'text/plain; charset=utf-8'),
    ):
        response = get(path)
        assert (response.status_code, response.headers['Content-Type']) == (200, kind)


@pytest.mark.parametrize(
    'path',
    [
        '{web}/novnc/vnc.html',
        '{web}/novnc/core/../../secret.js',
        '{web}/vnc_lite.html',
        '/novnc/core/rfb.js',
        '/secret.js',
        '/core/rfb.js',
        '/spice_auto.html',
        '/vnc.js',
        '//vnc_lite.html',
        '/VNC.HTML',
    ],
)
def test_nothing_else_is_served(proxy, get, path):
    """Paths outside the table do not exist."""
    path = path.format(web=modules_path(get(PAGES[0]).text))
    answer = proxy.ask(f'GET {path} HTTP/1.1\r\n\r\n'.encode(), 'VNC')
    assert answer.startswith(b'HTTP/1.1 404')
    assert answer.endswith(b'.\n')


def test_a_browser_where_a_console_is(get):
    """A client without a WebSocket gets a hint."""
    response = get('/?token=x')
    assert (response.status_code, response.headers['Upgrade']) == (426, 'websocket')
    assert 'in a browser' in response.text


def test_novnc_is_not_installed(served, host, tmp_path):
    """A message instead of the page; noVNC's pages elsewhere can still connect."""
    proxy = served.start(vnc={'novncproxy_web': tmp_path / 'none'})
    answer = proxy.ask(b'GET /vnc_auto.html?token=x HTTP/1.0\r\n\r\n', 'VNC')
    assert answer.startswith(b'HTTP/1.1 503')
    assert b'noVNC is not installed' in answer
    token = proxy.token(host(), console_type='novnc')
    shake_hands(proxy.connect(token, '/vnc_auto.html', 'VNC'))
