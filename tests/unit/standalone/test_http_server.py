# SPDX-License-Identifier: Apache-2.0
"""The threaded server: idle, busy and too many connections."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest
import requests

from console_ext.standalone import deploy, http_server
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for

LIMIT = 8
HALF_A_REQUEST = b'POST /v2.1/servers HTTP/1.1\r\nHost: x\r\nContent-Le'


class Application:
    """Answers at once, except ``/slow``, which waits for the test."""

    def __init__(self):
        self.asked = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, environ, start_response):
        if environ['PATH_INFO'].startswith('/fail'):
            raise RuntimeError('failed')
        if environ['PATH_INFO'] == '/slow':
            self.asked.set()
            assert self.go_on.wait(60)
        start_response('200 OK', [('Content-Length', '2')])
        return [b'ok']


@pytest.fixture
def application():
    return Application()


def started(deployment, application):
    conf = deployment.configure(api={'listen_port': free_port()}).conf()
    server = http_server.HTTPServer(conf, application)
    server.start()
    return server


@pytest.fixture
def server(deployment, application, monkeypatch):
    monkeypatch.setattr(http_server, 'MAX_CONNECTIONS', LIMIT)
    server = started(deployment, application)
    yield server
    application.go_on.set()
    server.stop()


@pytest.fixture
def idle(server):
    """A function that opens connections which only send a given text."""
    address = ('127.0.0.1', int(server.url.rpartition(':')[2]))
    with contextlib.ExitStack() as stack:

        def open_some(count, text=b''):
            made = []
            for _ in range(count):
                one = stack.enter_context(socket.create_connection(address, timeout=30))
                one.sendall(text)
                made.append(one)
            return made

        yield open_some


def is_open(connection):
    """Whether the server has kept a silent connection open."""
    connection.setblocking(False)
    try:
        return connection.recv(1) != b''
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


@pytest.fixture
def api(deployment):
    """A function that starts the stand-alone API."""
    with contextlib.ExitStack() as stack:

        def start(**groups):
            conf = deployment.configure(**groups).conf()
            server = started(deployment, deploy.load_app(conf))
            stack.callback(server.stop)
            return server

        yield start


@pytest.mark.parametrize('name', ['X-Forwarded-For', 'Forwarded', 'X-Real-IP'])
def test_forwarded_to_an_api_without_authentication(api, name):
    """A reverse proxy on this machine does not open it to others."""
    headers = {name: '192.0.2.1'}
    answer = requests.get(f'{api().url}/v2.1/servers', headers=headers, timeout=30)
    assert answer.status_code == 403


@pytest.mark.parametrize(('believed', 'scheme'), [(True, 'https'), (False, 'http')])
def test_headers_of_a_reverse_proxy(api, believed, scheme):
    """The links follow them if the configuration says so."""
    server = api(oslo_middleware={'enable_proxy_headers_parsing': believed})
    headers = {'X-Forwarded-Proto': 'https'}
    document = requests.get(server.url, headers=headers, timeout=30).json()
    link = document['versions'][0]['links'][0]['href']
    assert link.partition(':')[0] == scheme


@pytest.mark.parametrize('text', [b'', HALF_A_REQUEST])
def test_idle_ones_make_room(server, idle, text):
    """Any number of idle connections does not prevent an answer."""
    crowd = idle(3 * LIMIT, text)
    for _ in range(2 * LIMIT):
        assert requests.get(server.url, timeout=30).text == 'ok'
    wait_for(lambda: sum(map(is_open, crowd)) < LIMIT)


def test_the_oldest_makes_room(server, idle):
    """Connections of well-behaved clients are short."""
    old, *younger = idle(LIMIT)
    idle(1)
    wait_for(lambda: not is_open(old))
    assert all(map(is_open, younger))


def test_a_request_under_way_is_no_idleness(server, application, idle):
    """The request is answered, however many clients connect meanwhile."""
    answers = []

    def ask():
        answers.append(requests.get(f'{server.url}/slow', timeout=60).text)

    asking = threading.Thread(target=ask)
    asking.start()
    assert application.asked.wait(30)
    idle(3 * LIMIT)
    assert requests.get(server.url, timeout=30).text == 'ok'
    application.go_on.set()
    asking.join(60)
    assert answers == ['ok']


def test_more_descriptors_than_select_knows(deployment, application):
    """The server works with descriptor numbers above 1024."""
    http_server.open_files.raise_limit()
    with contextlib.ExitStack() as stack:
        # Occupy the lower descriptors, so that the server's are above 1024.
        for _ in range(1100):
            stack.enter_context(socket.socket())
        server = started(deployment, application)
        stack.callback(server.stop)
        for _ in range(3):
            assert requests.get(server.url, timeout=30).text == 'ok'


def test_stop_with_a_request_under_way(deployment, application):
    """The stop waits for it, but not for ever."""
    server = started(deployment, application)
    server.STOP_S = 1.0
    asking = threading.Thread(target=_ask_in_vain, args=(server,))
    asking.start()
    assert application.asked.wait(30)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    stopping.join(10 * server.STOP_S)
    assert not stopping.is_alive()
    application.go_on.set()
    asking.join(60)


def _ask_in_vain(server):
    with contextlib.suppress(requests.RequestException):
        requests.get(f'{server.url}/slow', timeout=60)


def test_failure_is_logged_without_the_path(server, caplog):
    """The path may contain a token."""
    answer = requests.get(f'{server.url}/fail/a-token', timeout=60)
    assert answer.status_code == 500
    assert 'a-token' not in answer.text
    (record,) = [one for one in caplog.records if one.name == 'waitress']
    assert record.getMessage() == 'Exception while serving a request'
    assert record.exc_info
    assert 'a-token' not in caplog.text
