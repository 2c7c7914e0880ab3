# SPDX-License-Identifier: Apache-2.0
"""A proxy on free loopback ports, with real sockets on both sides."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import ssl

import pytest
from websockets.sync.client import connect

from console_ext.proxy import server
from console_ext.proxy.server import Proxy
from tests.parts.peers import Computes, Guest
from tests.parts.stores.factories import TTL_S, authorization
from tests.parts.stores.faulty import FaultyStore

BASE = {
    'serial_console': {
        'serialproxy_port': 0,
        'base_url': 'ws://console.example.org:6083/',
    },
    'spice': {
        'html5proxy_port': 0,
        'html5proxy_base_url': 'https://console.example.org/spice_auto.html',
    },
    'vnc': {
        'novncproxy_port': 0,
        'novncproxy_base_url': 'https://console.example.org/vnc_lite.html',
    },
    'console_proxy': {'drain_timeout': 0, 'heartbeat_interval': 0.1},
}


class Served:
    """A running proxy and its environment.

    :param modules: the directory of spice-html5; None for the default
    """

    def __init__(self, deployment, modules):
        self.deployment = deployment
        self.computes = Computes()
        self.store: FaultyStore | None = None
        self.proxy: Proxy | None = None
        self._numbers = itertools.count()
        self._close = contextlib.ExitStack()
        deployment.configure(**BASE).configure(
            database={'connection': f'sqlite:///{deployment.path}/tokens.db'},
            spice={} if modules is None else {'html5proxy_web': modules},
        )

    def start(self, **groups) -> Served:
        conf = self.deployment.configure(**groups).conf()
        self.store = FaultyStore(conf)
        self.proxy = Proxy(conf, self.store, self.computes)
        self.proxy.start()
        return self

    def stop(self) -> None:
        self._close.close()
        if self.proxy is not None:
            self.proxy.stop()
        if self.store is not None:
            self.store.close()

    def guest(self, serve=None, **options) -> Guest:
        guest = Guest(serve, **options)
        self._close.callback(guest.close)
        return guest

    def token(self, guest: Guest | None = None, ttl_s: float = TTL_S, **values) -> str:
        """A new token for a guest's console."""
        token = f'token-{next(self._numbers)}'
        if guest is not None:
            values['port'] = guest.port
        assert self.store is not None
        self.store.issue(token, authorization(**values), ttl_s)
        return token

    def port(self, name='serial') -> int:
        assert self.proxy is not None
        return self.proxy.address(name)[1]

    def url(self, value, path='/', name='serial', scheme='ws', secret='token') -> str:
        return f'{scheme}://127.0.0.1:{self.port(name)}{path}?{secret}={value}'

    def connect(self, value, path='/', name='serial', secret='token', **options):
        """Open a WebSocket, which the fixture closes.

        :param secret: what the value is: "token" or "rejoin"
        """
        options.setdefault('compression', None)
        options.setdefault('max_size', None)
        url = self.url(value, path, name, secret=secret)
        opening = connect(url, proxy=None, **options)
        return self._close.enter_context(opening)

    def raw(self, name='serial') -> socket.socket:
        return self._close.enter_context(self._raw(name))

    def _raw(self, name) -> socket.socket:
        return socket.create_connection(('127.0.0.1', self.port(name)), timeout=30)

    def ask(self, data: bytes, name='serial') -> bytes:
        """Send bytes on a new connection, and return everything until its end."""
        with self._raw(name) as opened:
            opened.sendall(data)
            answer = b''
            with contextlib.suppress(ConnectionResetError):
                while part := opened.recv(65536):
                    answer += part
            return answer


@pytest.fixture(params=['asyncio', 'uvloop'])
def loop(request, monkeypatch):
    """The event loop of a proxy that is started afterwards."""
    if request.param == 'asyncio':
        monkeypatch.setattr(server, '_loop_factory', lambda: asyncio.new_event_loop)
    else:
        pytest.importorskip('uvloop')


@pytest.fixture
def modules(tmp_path):
    """A directory with the layout of spice-html5's package."""
    directory = tmp_path / 'spice-html5'
    (directory / 'thirdparty').mkdir(parents=True)
    (directory / 'main.js').write_text("import './x';import a from './large.js';")
    (directory / 'large.js').write_text("import a from './thirdparty/rsa.js';")
    (directory / 'enums.js').write_text('export const Constants = {};\n')
    (directory / 'spicemsg.js').write_text('// messages\n')
    (directory / 'thirdparty' / 'rsa.js').write_text('// rsa\n')
    (directory / 'secret.txt').write_text('not a module\n')
    return directory


@pytest.fixture
def novnc(tmp_path):
    """A directory with the layout of noVNC's package."""
    directory = tmp_path / 'novnc'
    (directory / 'core' / 'util').mkdir(parents=True)
    (directory / 'vendor').mkdir()
    (directory / 'core' / 'rfb.js').write_text("import a from './util/log.js';\n")
    (directory / 'core' / 'util' / 'log.js').write_text(
        'import b from "../../vendor/pako.js";\nimport c from "../../../secret.js";\n'
    )
    (directory / 'vendor' / 'pako.js').write_text('// pako\n')
    (directory / 'vnc.html').write_text('a page of others\n')
    return directory


@pytest.fixture
def served(deployment, modules, novnc):
    """A proxy that is not started, for tests that configure it."""
    deployment.configure(vnc={'novncproxy_web': novnc})
    made = Served(deployment, modules)
    yield made
    made.stop()


@pytest.fixture
def proxy(served):
    """A running proxy."""
    return served.start()


@pytest.fixture
def trusting():
    """A client's TLS context that accepts any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
