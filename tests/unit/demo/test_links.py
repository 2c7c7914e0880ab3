# SPDX-License-Identifier: Apache-2.0
"""Requesting links from an API that answers as the test sets."""

from __future__ import annotations

import http.server
import json
import threading

import pytest

from console_ext.consoles import NOVNC, SERIAL
from console_ext.demo.links import Console, Link, Links

TERMINAL = Console('web-1', 'one', SERIAL)
SCREEN = Console('vm-1', 'three', NOVNC)


class API:
    """An API whose URLs lead to itself; only some of their paths have a page."""

    def __init__(self):
        self.asked = []
        self.status = 200
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
                version = self.headers['OpenStack-API-Version']
                api.asked.append((self.path, version, body['remote_console']))
                scheme = 'ws' if 'serial' in str(body) else 'http'
                url = f'{scheme}://{api.address}/{body["remote_console"]["protocol"]}'
                self._answer(
                    api.status,
                    'application/json',
                    json.dumps({'remote_console': {'url': url}}),
                )

            def do_GET(self):
                assert self.headers['Accept'] == 'text/html'
                there = self.path == '/serial'
                self._answer(200 if there else 503, 'text/html; charset=utf-8', '')

            def _answer(self, status, kind, body):
                self.send_response(status)
                self.send_header('Content-Type', kind)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.address = f'127.0.0.1:{self.server.server_address[1]}'
        self.thread = threading.Thread(
            target=self.server.serve_forever, args=(0.02,), daemon=True
        )


@pytest.fixture
def api():
    api = API()
    api.thread.start()
    yield api
    api.server.shutdown()
    api.server.server_close()
    api.thread.join(30)


@pytest.fixture
def links(api, monkeypatch):
    # A proxy from the environment must not be used for this machine.
    monkeypatch.setenv('http_proxy', 'http://127.0.0.1:1')
    return Links(f'http://{api.address}')


def test_request(api, links):
    """A terminal's URL is changed to that of its page; a screen's URL is a page."""
    assert links.request(TERMINAL) == Link(TERMINAL, f'http://{api.address}/serial')
    assert links.request(SCREEN) == Link(SCREEN, f'http://{api.address}/vnc')
    assert api.asked == [
        (
            '/v2.1/servers/one/remote-consoles',
            'compute 2.99',
            {'protocol': 'serial', 'type': 'serial'},
        ),
        (
            '/v2.1/servers/three/remote-consoles',
            'compute 2.99',
            {'protocol': 'vnc', 'type': 'novnc'},
        ),
    ]


def test_only_those_with_a_page(links):
    assert list(links.with_pages([TERMINAL, SCREEN])) == [TERMINAL]


def test_refused(api, links):
    api.status = 409
    with pytest.raises(OSError, match='409'):
        links.request(TERMINAL)


def test_nobody_answers():
    with pytest.raises(OSError, match='refused'):
        Links('http://127.0.0.1:1').request(TERMINAL)
