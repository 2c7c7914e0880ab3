# SPDX-License-Identifier: Apache-2.0
"""The public URLs: who sets them, and what answers there."""

import http.server
import threading
from types import SimpleNamespace

import pytest

from console_ext.cmd.check import urls
from console_ext.cmd.check.report import Wrong
from console_ext.consoles import NOVNC, SERIAL, SPICE_DIRECT, TYPES

OURS = [SimpleNamespace(alias='os-remote-consoles')]


def test_clients(deployment):
    """The requests that current clients send by default reach the extension."""
    assert urls.clients(deployment.conf(), OURS) == (
        'remote-consoles (2.6 and later, which clients use by default) and actions '
        '(2.1 to 2.5) for serial, spice-html5, spice-direct, novnc'
    )


def test_clients_that_bypass_the_extension(deployment):
    """The extension is disabled, or has no console types."""
    with pytest.raises(Wrong, match='os-remote-consoles is disabled'):
        urls.clients(deployment.conf(), [SimpleNamespace(alias='other')])
    deployment.configure(api={'console_types': ''})
    with pytest.raises(Wrong, match='console_types is empty'):
        urls.clients(deployment.conf(), OURS)


@pytest.mark.parametrize('one', TYPES, ids=lambda one: one.type)
def test_option_that_is_not_set(deployment, one):
    """The URL is that of the compute host."""
    text = urls.describe(deployment.conf(), one)
    assert text.startswith(f"the compute host's [{one.group}] {one.base_url}")
    assert ('console-ext-proxy' in text) is (one is not SPICE_DIRECT)


class Answering(http.server.BaseHTTPRequestHandler):
    """A server with a given answer; it records the paths."""

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
    """The health check also works below the prefix of the URL."""
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
    """For example a proxy of Nova, which does not know the tokens."""
    handler, port = server
    handler.answer = answer
    url = f'http://127.0.0.1:{port}/vnc_lite.html'
    conf = deployment.configure(vnc={'novncproxy_base_url': url}).conf()
    with pytest.raises(Wrong, match='another server than console-ext-proxy'):
        urls.describe(conf, NOVNC)
    assert handler.paths == ['/healthcheck']


@pytest.mark.parametrize('status', [407, 502, 503, 504])
def test_url_behind_a_load_balancer(deployment, server, status):
    """Nothing is known about the server behind it, which may be stopped."""
    handler, port = server
    handler.answer = (status, b'<html>')
    url = f'ws://127.0.0.1:{port}/'
    conf = deployment.configure(serial_console={'base_url': url}).conf()
    said = urls.describe(conf, SERIAL)
    assert said.endswith(f'; it cannot be reached from here (status {status})')


def test_url_that_cannot_be_reached(deployment):
    """It is no error: this machine may be behind a firewall."""
    conf = deployment.configure(
        serial_console={'base_url': 'wss://127.0.0.1:1/'}
    ).conf()
    assert 'it cannot be reached from here (' in urls.describe(conf, SERIAL)


def test_page_that_the_proxy_does_not_have(deployment):
    """Such a URL leads to status 404."""
    url = 'https://127.0.0.1:1/novnc'
    conf = deployment.configure(vnc={'novncproxy_base_url': url}).conf()
    with pytest.raises(Wrong, match=r'\[vnc\] novncproxy_base_url'):
        urls.describe(conf, NOVNC)


def test_url_of_a_proxy_of_others(deployment):
    """This package has no proxy for spice-direct, so its URL is not checked."""
    url = 'http://127.0.0.1:1/nova'
    conf = deployment.configure(spice={'spice_direct_proxy_base_url': url}).conf()
    assert urls.describe(conf, SPICE_DIRECT) == (
        f'{url}, by [spice] spice_direct_proxy_base_url in {deployment.config_file}'
    )
