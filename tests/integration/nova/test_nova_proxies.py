# SPDX-License-Identifier: Apache-2.0
"""nova-serialproxy and nova-novncproxy, beside our proxy, in one cloud."""

from __future__ import annotations

import json
import re
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.integration.nova import proxies
from tests.integration.nova.client import Client
from tests.parts import nova as clouds
from tests.parts.deployment import server_id
from tests.parts.peers import Guest
from tests.parts.programs import free_port, listens
from tests.parts.vnc_host import SERVER_INIT, VERSION, VNCHost
from tests.parts.waiting import wait_for

START_S = 60

PAIRS = {'serial': ('serial', 'serial'), 'vnc': ('vnc', 'novnc')}


@pytest.fixture(scope='module')
def guests(cloud):
    made = {'serial': Guest(), 'vnc': VNCHost()}
    cloud.place(**{name: guest.port for name, guest in made.items()})
    yield made
    for guest in made.values():
        guest.close()


@pytest.fixture(scope='module')
def novas(cloud, tmp_path_factory):
    """The WebSocket URL of each of Nova's proxies."""
    ports = {'serial': free_port(), 'vnc': free_port()}
    conf = tmp_path_factory.mktemp('proxies') / 'proxies.conf'
    conf.write_text(
        f'[serial_console]\nserialproxy_host = 127.0.0.1\n'
        f'serialproxy_port = {ports["serial"]}\n'
        f'[vnc]\nnovncproxy_host = 127.0.0.1\nnovncproxy_port = {ports["vnc"]}\n'
    )
    files = ('--config-file', cloud.config / 'nova.conf', '--config-file', conf)
    started = [
        cloud.start_program('nova-serialproxy', *files),
        # Its pages are not asked for, but have to be somewhere.
        cloud.start_program('nova-novncproxy', *files, '--web', conf.parent),
    ]
    wait_for(lambda: all(map(listens, ports.values())), START_S)
    yield {name: f'ws://127.0.0.1:{port}' for name, port in ports.items()}
    for program in started:
        cloud.stop_program(program)


@pytest.fixture
def ours(cloud, store, tmp_path):
    """The same of our proxy, and its store."""
    with proxies.running(tmp_path, cloud, store) as (proxy, opened):
        listeners = {'serial': 'serial', 'vnc': 'VNC'}
        yield (
            {
                name: proxies.websocket_url(proxy, listener)
                for name, listener in listeners.items()
            },
            opened,
        )


def granted(api, name):
    """The token of a new URL, asked for as today's clients do."""
    protocol, console_type = PAIRS[name]
    body = {'remote_console': {'protocol': protocol, 'type': console_type}}
    answer = Client(api).request(
        'POST',
        '/v2.1/servers/{server}/remote-consoles',
        number=clouds.LIVE,
        body=json.dumps(body).encode(),
        headers={
            'Content-Type': 'application/json',
            'OpenStack-API-Version': 'compute 2.99',
        },
    )
    assert answer.status_code == 200, answer.text
    url = answer.json()['remote_console']['url']
    return re.search('token(?:=|%3D)([0-9A-Za-z_-]+)$', url)[1]


def use(url, name, token):
    """Open a console and type into it."""
    with connect(f'{url}/?token={token}', proxy=None) as client:
        if name == 'vnc':
            for expected, answer in (
                (VERSION, VERSION),
                (b'\1\1', b'\1'),
                (bytes(4), b'\1'),
                (SERVER_INIT, None),
            ):
                received = b''
                while len(received) < len(expected):
                    received += client.recv(timeout=20)
                assert received == expected
                if answer is not None:
                    client.send(answer)
        client.send(b'typed')
        assert client.recv(timeout=20) == b'typed'


@pytest.mark.parametrize('name', PAIRS)
def test_what_nova_granted(plain, guests, novas, ours, name):
    """Nova's proxies open it, again and again; ours does not know it."""
    token = granted(plain, name)
    for _ in range(2):
        use(novas[name], name, token)
    with pytest.raises(InvalidStatus) as caught:
        use(ours[0][name], name, token)
    assert caught.value.response.status_code == 401


@pytest.mark.parametrize('name', PAIRS)
def test_what_we_granted(storing, guests, novas, ours, name):
    """Nova's proxies do not open it, before and after ours did, which does so once."""
    urls, store = ours
    guest = guests[name]
    used, revoked = granted(storing, name), granted(storing, name)
    before = guest.accepted

    def refused(url, token):
        with pytest.raises((ConnectionClosed, InvalidStatus, EOFError)):
            use(url, name, token)

    refused(novas[name], used)
    use(urls[name], name, used)
    refused(urls[name], used)
    refused(novas[name], used)
    store.revoke(server_id(clouds.LIVE))
    refused(urls[name], revoked)
    refused(novas[name], revoked)
    # Time for a connection that is on its way.
    time.sleep(0.5)
    assert guest.accepted == before + 1
