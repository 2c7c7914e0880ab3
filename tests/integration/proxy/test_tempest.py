# SPDX-License-Identifier: Apache-2.0
"""tempest's WebSocket client, used as its tests of consoles use it.

It asks for ``/websockify`` whatever the URL's path is, with the URL's query for a
cookie, and offers the subprotocol ``binary``.  It knows frames of up to 125 bytes only.
"""

from __future__ import annotations

import struct
from urllib import parse

import pytest
from tempest.common import compute


class Console:
    """Uses a URL as a test of tempest does."""

    def __init__(self, url: str):
        self._test = compute.NoVNCValidateMixin('validate_websocket_upgrade')
        self.websocket = self._test.websocket = compute.create_websocket(url)
        self.validate_websocket_upgrade = self._test.validate_websocket_upgrade
        self.validate_rfb_negotiation = self._test.validate_rfb_negotiation

    def receive_until(self, mark: bytes) -> None:
        shown = b''
        while mark not in shown:
            frame = self.websocket.receive_frame()
            assert frame is not None, shown
            shown += frame

    def stop_booting(self) -> None:
        """Press Ctrl-B until the firmware, which can lose a key, shows its prompt."""
        shown = b''
        while b'iPXE>' not in shown:
            self.websocket.send_frame(b'\x02')
            frame = self.websocket.receive_frame()
            assert frame is not None, shown
            shown += frame


@pytest.fixture
def opened():
    """Open a URL; the connection is closed at the end."""
    consoles = []

    def open_url(url: str) -> Console:
        consoles.append(Console(url))
        return consoles[-1]

    yield open_url
    for console in consoles:
        console.websocket.close()


def test_serial(proxy, machine, opened):
    """As in its live migration test: the guest echoes what is typed."""
    console = opened(proxy.url(proxy.token(port=machine.serial_port)))
    console.validate_websocket_upgrade()
    console.receive_until(b'Ctrl-B')
    console.stop_booting()
    console.websocket.send_frame(b'v')
    console.receive_until(b'v')


def test_spice(proxy, machine, page, opened):
    """As in its noVNC test: a URL for the page and for the guest's greeting."""
    url = page()
    answer = compute.urllib3.PoolManager().request('GET', url, timeout=30)
    assert (answer.status, b'</html>' in answer.data) == (200, True)
    # A main channel and a second one with the same cookie, like those of spice-html5.
    for channel in (1, 2):
        console = opened(url)
        console.validate_websocket_upgrade()
        link = struct.pack('<IBBIII', 0, channel, 0, 0, 0, 18)
        header = struct.pack('<4sIII', b'REDQ', 2, 2, len(link))
        console.websocket.send_frame(header + link)
        console.receive_until(b'REDQ')


@pytest.mark.parametrize('name', ['vnc_lite.html', 'vnc_auto.html'])
def test_vnc(vnc_page, opened, name):
    """As in test_novnc: the page, the upgrade, and the handshake in frames."""
    url = vnc_page().replace('vnc_lite.html', name)
    compute.NoVNCValidateMixin('validate_novnc_html').validate_novnc_html(url)
    console = opened(url)
    console.validate_websocket_upgrade()
    console.validate_rfb_negotiation()


def test_vnc_bad_token(vnc_page, opened):
    """As in test_novnc_bad_token: data after the headers would be parsed as a frame."""
    parts = parse.urlparse(vnc_page())
    query = parse.parse_qs(parts.query)
    query['path'] = parse.unquote(query['path'][0]).replace('token=', 'token=bad')
    url = parse.urlunparse(parts._replace(query=parse.urlencode(query)))
    console = opened(url)
    assert console.websocket.response.startswith(b'HTTP/1.1 401 Unauthorized\r\n')
    assert not console.websocket.receive_frame()


@pytest.mark.parametrize('name', ['serial', 'SPICE'])
def test_bad_token(proxy, opened, name):
    """The refusal comes before the upgrade."""
    console = opened(proxy.url('bad', name=name))
    assert console.websocket.response.startswith(b'HTTP/1.1 401 Unauthorized\r\n')
    with pytest.raises(AssertionError, match='401 Unauthorized'):
        console.validate_websocket_upgrade()


def test_a_token_opens_one_session(proxy, machine, opened):
    """Also with a cookie."""
    url = proxy.url(proxy.token(port=machine.serial_port))
    opened(url).validate_websocket_upgrade()
    assert b' 401 ' in opened(url).websocket.response
