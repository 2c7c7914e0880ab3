# SPDX-License-Identifier: Apache-2.0
"""A real machine's serial port through the proxy."""

from __future__ import annotations

import subprocess

import pytest
from websockets.sync.client import connect

from console_ext.proxy.relay.control import SUBPROTOCOL
from console_ext.proxy.server import Proxy
from tests.functional.proxy.wire import key_of
from tests.integration.proxy.keyboard import read_until, stop_booting, type_at
from tests.integration.proxy.parts import needed
from tests.parts.network import Network
from tests.parts.stores.faulty import FaultyStore


def test_typed_at_and_answered(proxy, machine):
    """iPXE's command line, from its banner to the answer to a command."""
    client = proxy.connect(proxy.token(port=machine.serial_port))
    stop_booting(client)
    type_at(client, 'echo ${buildarch} answers')
    read_until(client, b'i386 answers')


def test_websocat(proxy, machine):
    """The documented client works."""
    websocat = needed('websocat')
    url = proxy.url(proxy.token(port=machine.serial_port))
    with subprocess.Popen(
        [websocat, '-b', url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        shown = b''
        while b'iPXE' not in shown:
            shown += process.stdout.read1()
        process.kill()


@pytest.fixture
def other(proxy):
    """Another proxy with the same store, at other ports."""
    changed = proxy.deployment.configure(
        spice={'html5proxy_port': 0}, vnc={'novncproxy_port': 0}
    )
    store = FaultyStore(changed.conf(), new=False)
    made = Proxy(changed.conf(), store, proxy.computes)
    made.start()
    yield made
    made.stop()
    store.close()


@pytest.mark.parametrize('elsewhere', [False, True])
def test_opened_again_after_the_network_was_lost(proxy, other, machine, elsewhere):
    """QEMU has one connection at a time.  The previous one seems to be open: it is
    replaced, and the machine's command line goes on."""
    network = Network(proxy.port())
    options = {'subprotocols': [SUBPROTOCOL], 'compression': None, 'proxy': None}
    token = proxy.token(port=machine.serial_port)
    url = f'ws://127.0.0.1:{network.port}/?token={token}'
    lost = connect(url, legacy=True, **options)
    key = key_of(lost)
    stop_booting(lost)
    network.freeze()
    port = other.address('serial')[1] if elsewhere else proxy.port()
    with connect(f'ws://127.0.0.1:{port}/?rejoin={key}', **options) as client:
        key_of(client)
        client.send(b'\r')
        read_until(client, b'iPXE>')
        for letter in 'echo ${buildarch} answers':
            client.send(letter.encode())
            read_until(client, letter.encode())
        client.send(b'\r')
        read_until(client, b'i386 answers')
    network.close()
    lost.close()
