# SPDX-License-Identifier: Apache-2.0
"""Who sets the public URLs, and what answers there."""

import http.server
import threading
from types import SimpleNamespace

import pytest

from console_ext.cmd.check import urls
from console_ext.cmd.check.report import Wrong
from console_ext.consoles import NOVNC, SERIAL, SPICE_DIRECT, TYPES

OURS = [SimpleNamespace(alias='os-remote-consoles')]


def test_clients(deployment):
    """The requests that today's clients send by default reach the extension."""
    assert urls.clients(deployment.conf(), OURS) == (
        'remote-consoles (2.6 and later, which clients use by default) and actions '
        '(2.1 to 2.5) for serial, spice-html5, spice-direct, novnc'
    )


def test_clients_that_bypass_the_extension(deployment):
    """It is disabled, or serves nothing."""
    with pytest.raises(Wrong, match='os-remote-consoles is disabled'):
        urls.clients(deployment.conf(), [SimpleNamespace(alias='other')])
    deployment.configure(api={'console_types': ''})
    with pytest.raises(Wrong, match='console_types is empty'):
        urls.clients(deployment.conf(), OURS)


@pytest.mark.parametrize('one', TYPES, ids=lambda one: one.type)
def test_option_that_is_not_set(deployment, one):
    """The URL is the compute host's."""
    text = urls.describe(deployment.conf(), one)
    assert text.startswith(f"the compute host's [{one.group}] {one.base_url}")
    assert ('console-ext-proxy' in text) is (one is not SPICE_DIRECT)


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers as a test says, and notes the paths."""

    answer = (200, b'OK')
    paths: list[str] = []  # noqa: RUF012

    def do_GET(self):
        self.paths.append(self.path)
        status, body = self.answer
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    handler = type('Handler', (Answering,), {'paths': []})
    with http.server.HTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield handler, server.server_address[1]
        server.shutdown()
        thread.join()


def test_url_of_our_proxy(deployment, server):
    """Its health check says so, below the prefix of the URL too."""
    handler, port = server
    for path, asked in (('/', '/healthcheck'), ('/a/b/', '/a/b/healthcheck')):
        url = f'ws://127.0.0.1:{port}{path}'
        conf = deployment.configure(serial_console={'base_url': url}).conf()
        assert urls.describe(conf, SERIAL) == (
            f'{url}, by [serial_console] base_url in {deployment.config_file}; '
            'console-ext-proxy answers there'
        )
        assert handler.paths.pop() == asked


@pytest.mark.parametrize('answer', [(200, b'<html>'), (404, b'OK'), (405, b'')])
def test_url_of_another_server(deployment, server, answer):
    """Such as a proxy of Nova's: it does not know the tokens."""
    handler, port = server
    handler.answer = answer
    url = f'http://127.0.0.1:{port}/vnc_lite.html'
    conf = deployment.configure(vnc={'novncproxy_base_url': url}).conf()
    with pytest.raises(Wrong, match='another server than console-ext-proxy'):
        urls.describe(conf, NOVNC)
    assert handler.paths == ['/healthcheck']


def test_url_that_cannot_be_reached(deployment):
    """This machine may be behind a firewall: that is no fault of the URL."""
    conf = deployment.configure(
        serial_console={'base_url': 'wss://127.0.0.1:1/'}
    ).conf()
    assert 'it cannot be reached from here (' in urls.describe(conf, SERIAL)


def test_page_that_the_proxy_does_not_have(deployment):
    """Its URL would be answered 404."""
    url = 'https://127.0.0.1:1/novnc'
    conf = deployment.configure(vnc={'novncproxy_base_url': url}).conf()
    with pytest.raises(Wrong, match=r'\[vnc\] novncproxy_base_url'):
        urls.describe(conf, NOVNC)


def test_proxy_of_others(deployment):
    """No proxy of this package serves spice-direct: nothing is asked of its URL."""
    url = 'http://127.0.0.1:1/nova'
    conf = deployment.configure(spice={'spice_direct_proxy_base_url': url}).conf()
    assert urls.describe(conf, SPICE_DIRECT) == (
        f'{url}, by [spice] spice_direct_proxy_base_url in {deployment.config_file}'
    )
