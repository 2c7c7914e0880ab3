# SPDX-License-Identifier: Apache-2.0
"""What went wrong in consoles before, as public records have it, and does not here.

A test's name begins with its records, and its docstring is the rule they led to.  Two
need more than this process: CVE-2015-9543 is in ``integration/test_consoles.py`` again,
and CVE-2012-2094, in a browser, in ``integration/proxy/test_screen.py``.
"""

from __future__ import annotations

import ast
import hashlib
import json
import logging
import random
import select
import sqlite3
import string
import struct
from pathlib import Path
from typing import Any

import oslo_messaging
import pytest
import webob
from websockets.exceptions import ConnectionClosed, InvalidStatus

import console_ext
from console_ext.consoles import PROTOCOLS
from console_ext.policy import Policy
from console_ext.rpc import transport
from console_ext.rpc.client import ComputeClient
from tests.functional.proxy.conftest import Served
from tests.functional.proxy.wire import (
    close_code,
    closed,
    frame,
    receive_for_ever,
    receive_until,
    resident,
    upgrade,
)
from tests.functional.recorded import ACTIONS, granted, send
from tests.parts.api_client import SERIAL, SPICE, VNC, Client
from tests.parts.deployment import PROJECT_A, PROJECT_B, server, server_id
from tests.parts.waiting import wait_for

MIB = 2**20

# The token types of each listener.
TYPES = {'serial': 'serial', 'SPICE': 'spice-html5', 'VNC': 'novnc'}

# Consoles by action and by remote-consoles, as in recorded cases, and the types of
# their tokens.
CONSOLES = {
    'serial': 'serial',
    'spice': 'spice-html5',
    'vnc': 'novnc',
    'serial/serial': 'serial',
    'spice/spice-html5': 'spice-html5',
    'spice/spice-direct': 'spice-direct',
    'vnc/novnc': 'novnc',
}


class Cloud:
    """API, agent, store and proxy, all of them real, in this process."""

    def __init__(self, served: Served, api: Client, database: Path):
        self.served = served
        self.api = api
        self.database = database

    def place(self, ports: dict[str, int], **values) -> None:
        """Set the port of every console of each server."""
        self.served.deployment.write_inventory(
            [
                server(
                    number,
                    consoles={
                        name: {'host': '127.0.0.1', 'port': port} for name in PROTOCOLS
                    },
                    **values,
                )
                for number, port in ports.items()
            ]
        )

    def token(self, number: str, body=SERIAL) -> str:
        """Request a console, and return the token of its URL."""
        answer = self.api.console(number, body)
        assert answer.status_int == 200, answer.text
        return answer.json['console']['url'].partition('token=')[2]

    def shown(self, token: str, **how: Any) -> webob.Response:
        """Ask where the console of a token is, as a proxy does.

        :param how: values of a recorded case
        """
        path = f'/v2.1/os-console-auth-tokens/{token}'
        return send(
            self.api, {'method': 'GET', 'path': path, 'as': 'root', 'at': '2.99', **how}
        )

    def refused(self, token: str, name: str = 'serial') -> int:
        with pytest.raises(InvalidStatus) as caught:
            self.served.connect(token, name=name)
        return caught.value.response.status_code


@pytest.fixture
def cloud(served, agent, tmp_path):
    database = tmp_path / 'console.db'
    deployment = served.deployment.configure(
        database={'connection': f'sqlite:///{database}'},
        # No test waits for it, and a busy machine answers slowly.
        console_rpc={'timeout': 20},
    )
    served.computes = computes = ComputeClient(deployment.conf())
    agent()
    served.start()
    with Client.of(deployment) as api:
        yield Cloud(served, api, database)
    served.stop()
    computes.close()


def status(answer: bytes) -> int:
    return int(answer.split()[1])


def echo(client) -> None:
    client.send(b'x')
    assert client.recv(timeout=30) == b'x'


def test_cve_2013_0335_cve_2014_8750_a_port_that_is_another_servers(cloud):
    """A token is for a server, not for a port, which another server may have by now."""
    guest = cloud.served.guest()
    cloud.place({'01': guest.port, '02': guest.port + 1})
    replayed = [cloud.token('01') for _ in range(3)]
    cloud.place({'01': guest.port + 1, '02': guest.port})
    assert cloud.refused(replayed[0]) == 409
    cloud.place({'02': guest.port})
    assert cloud.refused(replayed[1]) == 409
    cloud.place({'01': guest.port}, vm_state='stopped', power_state=4)
    assert cloud.refused(replayed[2]) == 409
    assert (guest.accepted, guest.received) == (0, b'')
    cloud.place({'02': guest.port})
    echo(cloud.served.connect(cloud.token('02')))


def test_cve_2013_0335_cve_2014_8750_a_port_that_is_another_consoles(cloud):
    """A token is for one type, and opens no other type's console on the same port."""
    guest = cloud.served.guest()
    cloud.place({'01': guest.port})
    for console, kind in CONSOLES.items():
        for name in TYPES:
            if TYPES[name] != kind:
                assert cloud.refused(granted(cloud.api, console), name) == 401
    assert (guest.accepted, guest.received) == (0, b'')
    echo(cloud.served.connect(granted(cloud.api, 'serial/serial')))


def test_cve_2015_0259_other_pages_open_nothing(served):
    """A web page opens a console only if its origin is configured."""
    proxy = served.start(
        console={'allowed_origins': 'https://[2001:db8::1]:8443,dashboard.example.org'}
    )
    guest = proxy.guest()
    for origin, allowed in (
        (None, True),
        ('http://console.example.org:6083', True),
        ('HTTP://CONSOLE.example.org:6083', True),
        ('https://[2001:DB8:0::1]:8443', True),
        ('http://dashboard.example.org:1', True),
        ('http://console.example.org', False),
        ('http://console.example.org:6084', False),
        ('https://console.example.org:6083', False),
        ('https://dashboard.example.org', False),
        ('http://evil.example.org:6083', False),
        ('http://evil.dashboard.example.org', False),
        ('http://dashboard.example.org.evil.example', False),
        ('http://console.example.org:6083/', False),
        ('http://console.example.org:6083@evil.example.org', False),
        ('http://evil@console.example.org:6083', False),
        ('https://[2001:db8::2]:8443', False),
        ('http://[::1]:6083', False),
        ('http://127.0.0.1:6083', False),
        ('null', False),
        ('NULL', False),
        ('file://', False),
        ('*', False),
        ('', False),
    ):
        header = [] if origin is None else [f'Origin: {origin}']
        with proxy.raw() as client:
            client.sendall(upgrade(f'/?token={proxy.token(guest)}', *header))
            got = status(receive_until(client, b'\r\n\r\n'))
        assert got == (101 if allowed else 403), origin
    assert len(proxy.store.asked) == 5


def test_ossn_0101_the_host_header_is_no_authority(proxy):
    """The Host header does not change the allowed origins."""
    token = proxy.token(proxy.guest())
    chance = random.Random(101)
    # Such a request has cost what it costs.
    proxy.ask(upgrade('/', 'Origin: http://console'))
    before = resident()
    for _ in range(10_000):
        name = ''.join(chance.choices(string.ascii_lowercase, k=12)) + '.example'
        request = upgrade(f'/?token={token}', f'Origin: http://{name}')
        request = request.replace(b'Host: console', f'Host: {name}'.encode())
        assert status(proxy.ask(request)) == 403
    assert resident() - before < 4 * MIB
    assert proxy.store.asked == []


@pytest.mark.parametrize('body', [SERIAL, SPICE])
def test_cve_2015_9543_no_token_in_logs_or_rows(cloud, caplog, body):
    """The token only occurs in the answer that grants it; logs do not have its hash."""
    caplog.set_level(logging.DEBUG)
    for name in ('sqlalchemy.engine', 'oslo.messaging', 'oslo_messaging', 'websockets'):
        caplog.set_level(logging.DEBUG, name)
    own, other = ('serial', 'SPICE') if body is SERIAL else ('SPICE', 'serial')
    guest = cloud.served.guest()
    cloud.place({'01': guest.port})
    token = cloud.token('01', body)
    with cloud.served.raw(own) as client:
        client.sendall(upgrade(f'/?token={token}'))
        receive_until(client, b'\r\n\r\n')
        client.sendall(frame(b'a password', 2))
        receive_until(client, b'a password')
        stored = dump(cloud.database)
        client.sendall(frame(struct.pack('!H', 1000), 8))
        receive_until(client, None)
    cloud.served.ask(
        upgrade(f'/websockify?token={token}', f'Cookie: token={token}'), other
    )
    for request in (
        upgrade(f'/?token={token}&token={token}x'),
        upgrade(f'/nothing?token={token}'),
        upgrade(f'/?token={token}', 'Origin: http://evil.example'),
        upgrade(f'/?token={token}', f'Sec-WebSocket-Protocol: {token}'),
        f'GET /?token={token} HTTP/9\r\n\r\n'.encode(),
        f'GET /?token={token} HTTP/1.1\r\n\r\n'.encode(),
        f'GET /?token={token}'.encode() * 2000,
    ):
        assert status(cloud.served.ask(request, own)) >= 400
    wait_for(lambda: any('closed' in message for message in caplog.messages))
    token_hash = hashlib.sha256(token.encode()).hexdigest()
    assert 'INSERT INTO console_ext_authorizations' in caplog.text
    assert 'opened' in caplog.text
    for secret in (token, token_hash, 'a password'):
        assert secret not in caplog.text
    assert token not in stored
    assert token_hash in stored


@pytest.mark.parametrize('console', CONSOLES)
def test_cve_2015_9543_no_token_of_a_path_in_logs(cloud, caplog, console):
    """The log has the path's template instead of a path with a token."""
    caplog.set_level(logging.DEBUG)
    cloud.place({'01': 1})
    token = granted(cloud.api, console)
    path = f'/v2.1/os-console-auth-tokens/{token}'
    asked = [
        ({}, 200),
        ({'path': path.replace('v2.1', f'v2.1/{PROJECT_A}')}, 200),
        ({'at': '2.30'}, 400),
        ({'at': '2.999'}, 406),
        ({'at': token}, 400),
        ({'path': f'{path}?{token}={token}'}, 400),
        ({'as': 'alice'}, 403),
        ({'path': path.replace('v2.1', f'v2.1/{PROJECT_B}')}, 400),
        ({'path': path.replace('v2.1', 'v2')}, 400),
        ({'path': f'{path}x'}, 404),
        ({'path': f'{path}/'}, 404),
        ({'path': f'{path}/{token}'}, 404),
        ({'method': 'POST', 'send': token}, 404),
    ]
    for how, status in asked:
        assert cloud.shown(token, **how).status_int == status, how
    assert caplog.text.count('/os-console-auth-tokens/{') == len(asked)
    token_hash = hashlib.sha256(token.encode()).hexdigest()
    for secret in (token, token_hash):
        assert secret not in caplog.text


def dump(database: Path) -> str:
    """Every row of an SQLite database."""
    opened = sqlite3.connect(database)
    try:
        return '\n'.join(opened.iterdump())
    finally:
        opened.close()


@pytest.mark.parametrize('name', TYPES)
@pytest.mark.parametrize(
    'path',
    [
        *('/' * count + 'evil.example/%2e%2e' for count in range(2, 7)),
        '//evil.example/',
        '//evil.example/..',
        '/\\evil.example/',
        '\\\\evil.example/',
        '/%2f%2fevil.example/',
        '/%2F%2Fevil.example/%2e%2e',
        '/%5cevil.example',
        '/\tevil.example',
        '/\revil.example',
        '/%09/evil.example',
        '/%0d%0aLocation:%20//evil.example',
        'http://evil.example/',
    ],
)
def test_cve_2021_3654_no_redirect(proxy, name, path):
    """There is a fixed table of pages, and no file server that redirects."""
    answer = proxy.ask(f'GET {path} HTTP/1.1\r\nHost: x\r\n\r\n'.encode(), name)
    assert status(answer) in (400, 404)
    assert b'location' not in answer.lower()
    assert b'evil' not in answer


@pytest.mark.parametrize('name', TYPES)
def test_cve_2013_7436_cve_2018_1340_no_response_sets_a_cookie(served, name):
    """There is no cookie that could lack the attribute Secure."""
    proxy = served.start()
    last = b'GET /healthcheck HTTP/1.0\r\n\r\n'
    with proxy.raw(name) as client:
        cookie = f'Cookie: token={proxy.token(proxy.guest(), console_type=TYPES[name])}'
        client.sendall(upgrade('/websockify', cookie))
        answers = [receive_until(client, b'\r\n\r\n')]
    assert status(answers[0]) == (401 if name == 'VNC' else 101)
    paths = ['/spice_auto.html?token=x', '/vnc_lite.html?path=%3Ftoken%3Dx']
    paths += ['/healthcheck', '/nothing', '/?token=x']
    for path in [*paths, '/websockify']:
        answers.append(proxy.ask(f'GET {path} HTTP/1.0\r\n\r\n'.encode(), name))
        answers.append(proxy.ask(upgrade(path) + last, name))
    assert not [answer for answer in answers if b'set-cookie' in answer.lower()]


@pytest.mark.parametrize('name', TYPES)
def test_cve_2018_1340_a_clients_cookie_is_read_where_it_is_needed(proxy, name):
    """A cookie is only accepted on the paths of clients that send one."""
    cookie = f'Cookie: token={proxy.token(proxy.guest(), console_type=TYPES[name])}'
    assert status(proxy.ask(upgrade('/', cookie), name)) == 401
    assert proxy.store.asked == []


@pytest.mark.parametrize('scope', ['', '_per_client', '_per_server', '_per_project'])
def test_ossn_0008_there_is_a_limit(served, scope):
    """Excess clients get 429 with Retry-After; others are served."""
    proxy = served.start(console_proxy={f'max_sessions{scope}': 2})
    guest = proxy.guest()
    clients = [proxy.connect(proxy.token(guest)) for _ in range(2)]
    with pytest.raises(InvalidStatus) as caught:
        proxy.connect(proxy.token(guest))
    response = caught.value.response
    assert (response.status_code, response.headers['Retry-After']) == (429, '10')
    for client in clients:
        echo(client)
    clients[0].close()
    wait_for(lambda: proxy.store.open_sockets == 1)
    echo(proxy.connect(proxy.token(guest)))


def test_ossn_0008_a_handshake_has_a_deadline(served):
    """It is for the whole request, so single bytes do not extend it."""
    proxy = served.start(console_proxy={'handshake_timeout': 0.4})
    with proxy.raw() as client:
        for byte in upgrade('/?token=x'):
            client.sendall(bytes([byte]))
            if select.select([client], [], [], 0.05)[0]:
                break
        assert status(receive_until(client, None)) == 408
    with proxy.raw() as client:
        assert receive_until(client, None) == b''


@pytest.mark.parametrize('length', [2**63, 2**63 - 1, 2**32, 2**26])
def test_nova_bug_2155052_cve_2015_1779_cve_2020_27813_a_length_is_not_believed(
    proxy, length
):
    """A frame with a large length is closed with 1009, and needs no memory."""
    with proxy.raw() as client:
        client.sendall(upgrade(f'/?token={proxy.token(proxy.guest())}'))
        receive_until(client, b'\r\n\r\n')
        before = resident()
        client.sendall(struct.pack('!BBQ', 0x82, 0xFF, length) + b'mask' + b'x' * 100)
        assert close_code(receive_until(client, None)) == 1009
        # Half of the smallest length; other tests' threads need memory, too.
        assert resident() - before < 32 * MIB


def test_nova_bug_2155052_a_hypervisors_answer_has_a_bound(served):
    """Reading an endless answer to CONNECT stops at a limit, before the deadline."""
    proxy = served.start(console_proxy={'connect_timeout': 60})
    sent = 0

    def serve(connection):
        nonlocal sent
        connection.recv(100)
        while True:
            sent += connection.send(b'x' * 65536)

    token = proxy.token(proxy.guest(serve), internal_access_path='abc')
    assert status(proxy.ask(upgrade(f'/?token={token}'))) == 502
    # Most of it is in the buffers of the kernel.
    assert sent < 32 * MIB


def test_cve_2018_1000518_no_compression(proxy):
    """permessage-deflate is not accepted, so there are no compression bombs."""
    client = proxy.connect(proxy.token(proxy.guest()), compression='deflate')
    assert 'Sec-WebSocket-Extensions' not in client.response.headers
    assert client.protocol.extensions == []
    with proxy.raw() as other:
        other.sendall(upgrade(f'/?token={proxy.token(proxy.guest())}'))
        receive_until(other, b'\r\n\r\n')
        compressed = bytearray(frame(b'\xf2H\xcd\xc9\xc9\x07\x00', 2))
        compressed[0] |= 0x40
        other.sendall(compressed)
        assert close_code(receive_until(other, None)) == 1002


class Boundless:
    """A compute host with any answer, even a huge one."""

    target = oslo_messaging.Target(version='5.13')
    answer: object = None

    def __init__(self):
        self.calls = []

    def get_serial_console(self, context, **arguments):
        self.calls.append((context, arguments))
        return self.answer

    get_spice_console = get_vnc_console = get_serial_console
    validate_console_port = get_serial_console


@pytest.fixture
def boundless(deployment):
    connected = transport.connect(deployment.conf())
    host = Boundless()
    serving = oslo_messaging.get_rpc_server(
        connected,
        oslo_messaging.Target(topic=transport.TOPIC, server='boundless'),
        [host],
    )
    serving.start()
    yield host
    serving.stop()
    serving.wait()
    connected.cleanup()


@pytest.mark.parametrize('console', CONSOLES)
def test_cve_2015_9543_no_token_on_the_bus(cloud, boundless, console):
    """The host's token is not given to anybody, and ours is not sent to the host."""
    guest = cloud.served.guest()
    cloud.served.deployment.write_inventory([server('01', host='boundless')])
    boundless.answer = {
        'host': '127.0.0.1',
        'port': guest.port,
        'token': 'of-the-host',
        'access_url': 'http://x/?path=%3Ftoken%3Dof-the-host',
    }
    token = granted(cloud.api, console)
    assert cloud.shown('of-the-host').status_int == 404
    assert cloud.refused('of-the-host') == 401
    assert cloud.shown(token).status_int == 200
    assert 'of-the-host' not in token + dump(cloud.database)
    boundless.answer = True
    if console.startswith('serial'):  # those that the serial listener opens
        echo(cloud.served.connect(token))
    assert boundless.calls
    assert token not in repr(boundless.calls)


@pytest.mark.parametrize('console', ACTIONS)
@pytest.mark.parametrize('key', ['host', 'token', 'access_url', 'internal_access_path'])
def test_cve_2013_4261_what_a_compute_host_answers_has_a_bound(
    cloud, boundless, key, console
):
    """Larger answers are neither shown nor stored; a port check has yes and no only."""
    cloud.served.deployment.write_inventory([server('01', host='boundless')])
    token_url = 'http://x/?token=short'
    good = {'host': '127.0.0.1', 'port': 1, 'token': 'short', 'access_url': token_url}
    huge = 'x' * MIB
    boundless.answer = {**good, key: huge}
    answer = send(cloud.api, {'send': console})
    assert answer.status_int == 500
    assert len(answer.body) < 1000
    assert huge not in dump(cloud.database)
    guest = cloud.served.guest()
    boundless.answer = {**good, 'port': guest.port}
    token = granted(cloud.api, 'serial')
    boundless.answer = huge
    assert cloud.refused(token) == 409
    assert guest.accepted == 0


@pytest.mark.parametrize('name', TYPES)
def test_cve_2012_2094_cve_2017_18635_cve_2026_40212_text_is_not_html(proxy, name):
    """Everything except our pages is text, and pages only run our own scripts."""
    markup = '<script>alert(1)</script>'
    bad = upgrade('/?token=x', f'Sec-WebSocket-Protocol: {markup}')
    for request in (bad, upgrade(f'/{markup}'), upgrade(f'/?token={markup}')):
        head, _, _ = proxy.ask(request, name).partition(b'\r\n\r\n')
        assert b'Content-Type: text/plain; charset=utf-8' in head
        assert b'X-Content-Type-Options: nosniff' in head
    for path, port in (('/spice_auto.html', 'SPICE'), ('/vnc_lite.html', 'VNC')):
        page = proxy.ask(f'GET {path} HTTP/1.0\r\n\r\n'.encode(), port)
        (policy,) = (
            line
            for line in page.split(b'\r\n')
            if line.startswith(b'Content-Security-')
        )
        assert b"default-src 'none'; script-src 'self';" in policy
        assert b'unsafe' not in policy


def test_cve_2025_54289_cve_2021_41767_a_listing_shows_no_secret(cloud):
    """Neither token nor hash is shown, even to an administrator while it is in use."""
    guest = cloud.served.guest()
    cloud.place({'01': guest.port})
    secrets = []
    for console in CONSOLES:
        token = granted(cloud.api, console)
        secrets += [token, hashlib.sha256(token.encode()).hexdigest()]
    echo(cloud.served.connect(secrets[0]))
    for path in (
        '/v2.1/servers',
        '/v2.1/servers/detail',
        f'/v2.1/servers/{server_id(1)}',
    ):
        for by in ('alice', 'root'):
            answer = cloud.api.get(path, by=by)
            assert server_id('01') in answer.text
            assert not [secret for secret in secrets if secret in answer.text]
    for token in secrets[::2]:
        shown = cloud.shown(token)
        assert shown.json['console']['port'] == guest.port
        assert not [secret for secret in secrets if secret in shown.text]


RULE = 'os_compute_api:os-remote-consoles'
OF_SERVER = {'project_id': PROJECT_B, 'user_id': 'bob'}
OF_CALLER = {'project_id': PROJECT_A, 'user_id': 'root'}


@pytest.fixture
def evaluated(monkeypatch):
    """Return every checked rule with its target."""
    asked = []
    authorize = Policy.authorize

    def noting(policy, rule, target, credentials):
        asked.append((rule, target))
        authorize(policy, rule, target, credentials)

    monkeypatch.setattr(Policy, 'authorize', noting)
    return asked


@pytest.mark.parametrize('prefix', ['/v2.1', f'/v2.1/{PROJECT_A}', '/v2'])
@pytest.mark.parametrize(
    ('path', 'body', 'rule', 'target'),
    [
        (f'/servers/{server_id("02")}/action', SERIAL, f'{RULE}:serial', OF_SERVER),
        (f'/servers/{server_id("02")}/action', SPICE, f'{RULE}:spice', OF_SERVER),
        (f'/servers/{server_id("02")}/action', VNC, f'{RULE}:vnc', OF_SERVER),
        (f'/servers/{server_id("02")}', None, 'os_compute_api:servers:show', OF_SERVER),
        ('/servers', None, 'os_compute_api:servers:index', OF_CALLER),
        ('/servers/detail', None, 'os_compute_api:servers:detail', OF_CALLER),
    ],
)
def test_cve_2026_6383_a_rule_is_no_part_of_a_url(
    client, evaluated, prefix, path, body, rule, target
):
    """It belongs to the method; its target is what the URL names."""
    answer = client.request(
        'GET' if body is None else 'POST',
        f'{prefix}{path}',
        by='root',
        body=body and json.dumps(body).encode(),
        headers={'Content-Type': 'application/json'},
    )
    assert answer.status_int == 200
    assert evaluated == [(rule, target)]


@pytest.mark.parametrize('prefix', ['/v2.1', f'/v2.1/{PROJECT_A}'])
@pytest.mark.parametrize(
    ('pair', 'rule', 'status'),
    [
        ('serial/serial', f'{RULE}:serial', 200),
        ('spice/spice-html5', f'{RULE}:spice', 200),
        ('spice/spice-direct', f'{RULE}:spice-direct', 200),
        ('vnc/novnc', f'{RULE}:vnc', 200),
        ('vnc/xvpvnc', RULE, 400),
        ('vnc/serial', RULE, 400),
        ('rdp/serial', RULE, 400),
        ('mks/webmks', RULE, 400),
    ],
)
def test_cve_2026_6383_a_rule_is_chosen_from_a_table(
    client, evaluated, prefix, pair, rule, status
):
    """By the pair of a valid body; Nova's rule applies to an unknown pair."""
    path = f'{prefix}/servers/{{server}}/remote-consoles'
    case = {'path': path, 'server': '02', 'send': pair, 'as': 'root', 'at': '2.99'}
    assert send(client, case).status_int == status
    assert evaluated == [(rule, OF_SERVER)]


@pytest.mark.parametrize('token', ['x', f'{RULE}:vnc', '%2e%2e'])
def test_cve_2026_6383_a_rule_is_no_token(client, evaluated, token):
    """The rule for tokens is about the caller, because a token's owner is not known."""
    path = f'/v2.1/os-console-auth-tokens/{token}'
    case = {'method': 'GET', 'path': path, 'as': 'root', 'at': '2.99'}
    assert send(client, case).status_int == 404
    assert evaluated == [('os_compute_api:os-console-auth-tokens', OF_CALLER)]


def test_cve_2023_40025_a_session_has_an_end(served, request):
    """After max_session_time, even if the session is busy."""
    served.deployment.configure(console_proxy={'max_session_time': 0.5})
    cloud = request.getfixturevalue('cloud')
    cloud.place({'01': served.guest().port})
    client = served.connect(cloud.token('01'))
    with pytest.raises(ConnectionClosed) as caught:
        receive_for_ever(client, b'x')
    assert caught.value.rcvd.code == 1008


def test_cve_2024_41666_revocation_reaches_a_live_session(cloud):
    """It ends with the next heartbeat, and unused tokens become invalid."""
    guest = cloud.served.guest()
    cloud.place({'01': guest.port, '02': guest.port})
    live, other = (cloud.served.connect(cloud.token(number)) for number in ('01', '02'))
    unopened = cloud.token('01')
    assert cloud.shown(unopened).status_int == 200
    cloud.served.store.revoke(server_id('01'))
    assert closed(live) == (1008, 'The access to this console was revoked.')
    assert cloud.refused(unopened) == 401
    assert cloud.shown(unopened).status_int == 404
    echo(other)


def test_cve_2026_42510_no_shell():
    """A command is a list of arguments."""
    shells = {
        'system',
        'popen',
        'getoutput',
        'getstatusoutput',
        'create_subprocess_shell',
    }
    found = []
    for path in sorted(Path(console_ext.__file__).parent.rglob('*.py')):
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(node, 'attr', getattr(node, 'id', ''))
            if name in shells or getattr(node, 'arg', '') == 'shell':
                found.append(f'{path.name}:{node.lineno}')
    assert found == []
