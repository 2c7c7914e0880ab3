# SPDX-License-Identifier: Apache-2.0
"""A real machine's SPICE screen whose channels require TLS."""

from __future__ import annotations

import contextlib
import logging
import struct

import pytest
from websockets.exceptions import InvalidStatus

from tests.functional.proxy.conftest import Served
from tests.integration.consoles import SPICE
from tests.integration.proxy.machine import QEMU
from tests.integration.proxy.parts import SPICE_HTML5, needed
from tests.integration.proxy.screen import LIT, opened
from tests.parts.authority import Authority
from tests.parts.deployment import server
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for

CHANNELS = ('main', 'display', 'inputs', 'cursor', 'playback', 'record')

NEED_SECURED = 5

# SpiceLinkHeader and SpiceLinkMess (spice/protocol.h) of a main channel.
LINK = struct.pack('<4sIII', b'REDQ', 2, 2, 18) + struct.pack(
    '<IBBIII', 0, 1, 0, 0, 0, 18
)


class SecureMachine(QEMU):
    """A virtual machine with the options of libvirt for ``[spice] require_secure``.

    :param plain: whether it has a port without TLS, too
    """

    def __init__(self, authority: Authority, *, plain: bool = True):
        self.port, self.tls_port = free_port(), free_port()
        port = f'port={self.port},' if plain else ''
        channels = ','.join(f'tls-channel={name}' for name in CHANNELS)
        super().__init__(
            '-spice',
            f'addr=127.0.0.1,{port}tls-port={self.tls_port},'
            f'x509-dir={authority.path},disable-ticketing=on,{channels}',
            ports=[*([self.port] if plain else []), self.tls_port],
        )


@pytest.fixture
def authority(authority):
    authority.issue('server', 'compute-1')
    return authority


@pytest.fixture
def machine(authority):
    with contextlib.closing(SecureMachine(authority)) as made:
        yield made


@pytest.fixture
def serving(deployment):
    """A function that starts a proxy with options of SPICE."""
    with contextlib.ExitStack() as close:

        def start(**options):
            port = free_port()
            made = Served(deployment, needed(str(SPICE_HTML5)))
            close.callback(made.stop)
            page = f'http://127.0.0.1:{port}/spice_auto.html'
            own = {'html5proxy_port': port, 'html5proxy_base_url': page}
            return made.start(spice={**own, **options})

        yield start


def token(proxy: Served, machine: SecureMachine, **values) -> str:
    ports = {'port': machine.port, 'tls_port': machine.tls_port, **values}
    return proxy.token(console_type='spice-html5', **ports)


def link_error(client) -> int:
    """Return the server's answer to a client that opens a main channel."""
    client.send(LINK)
    answer = b''
    while len(answer) < 20:
        answer += client.recv(30)
    assert answer.startswith(b'REDQ')
    return struct.unpack('<I', answer[16:20])[0]


def test_the_plain_port_serves_nobody(serving, machine):
    """As with nova-spicehtml5proxy, if the option is not set."""
    proxy = serving()
    client = proxy.connect(token(proxy, machine), name='SPICE')
    assert link_error(client) == NEED_SECURED


def test_by_tls(serving, machine, authority):
    proxy = serving(require_secure=True, tls_ca_certs=authority.file)
    client = proxy.connect(token(proxy, machine), name='SPICE')
    assert link_error(client) == 0


def test_refused(serving, machine, authority, tmp_path, caplog):
    """The authority is another one, or there is no TLS port."""
    caplog.set_level(logging.INFO, 'console_ext')
    other = Authority(tmp_path / 'other')
    proxy = serving(require_secure=True, tls_ca_certs=other.file)
    for values, says in (({}, 'VERIFY_FAILED'), ({'tls_port': None}, 'no TLS port')):
        with pytest.raises(InvalidStatus) as caught:
            proxy.connect(token(proxy, machine, **values), name='SPICE')
        assert caught.value.response.status_code == 502
        assert says in caplog.text


def test_the_screen(browser, serving, machine, authority):
    """spice-html5 works without changes."""
    proxy = serving(require_secure=True, tls_ca_certs=authority.file)
    address = proxy.proxy.url('SPICE')
    browser.get(f'{address}/spice_auto.html?token={token(proxy, machine)}')
    opened(browser)
    wait_for(lambda: browser.execute_script(LIT) > 500)


@pytest.fixture
def only_tls(authority):
    """A machine without a plain port."""
    with contextlib.closing(SecureMachine(authority, plain=False)) as made:
        yield made


def test_only_a_tls_port(browser, cloud, deployment, only_tls, authority):
    """From the request for a URL: the agent confirms the TLS port."""
    needed(str(SPICE_HTML5))
    cloud.start(
        spice={'require_secure': True, 'tls_ca_certs': authority.file},
        console_proxy={'drain_timeout': 0},
    )
    screen = {'host': '127.0.0.1', 'port': None, 'tls_port': only_tls.tls_port}
    deployment.write_inventory([server('01', consoles={'spice': screen})])
    browser.get(cloud.url(SPICE))
    opened(browser)
    wait_for(lambda: browser.execute_script(LIT) > 500)
