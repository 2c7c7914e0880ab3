# SPDX-License-Identifier: Apache-2.0
"""console-ext attach at a real proxy, over a network that is interrupted."""

from __future__ import annotations

import pytest

from console_ext.proxy.server import Proxy
from tests.functional.attach.terminal import Window
from tests.parts.deployment import server_id
from tests.parts.network import Network
from tests.parts.programs import BIN
from tests.parts.stores.faulty import FaultyStore
from tests.parts.waiting import wait_for

CONNECTED = b'console-ext: connected to 127.0.0.1:'
AGAIN = b'console-ext: Reconnected to the same session.'


class Attached:
    """A terminal at a proxy.

    :ivar guest: whose serial port has one connection at a time, and echoes
    """

    def __init__(self, proxy):
        self.proxy = proxy
        self.guest = proxy.guest(one_at_a_time=True)
        self.network = Network(proxy.port())
        token = proxy.token(self.guest)
        url = f'ws://127.0.0.1:{self.network.port}/?token={token}'
        self.window = Window([str(BIN / 'console-ext'), 'attach', '--url', url])
        self.window.wait_for(CONNECTED)
        self._typed = 0

    def close(self):
        self.window.__exit__()
        self.network.close()

    def echoes(self):
        """Check that the guest answers; each time, something else is typed."""
        self._typed += 1
        text = f'<{self._typed}>'.encode()
        self.window.type(text)
        self.window.wait_for(text)

    def leaves(self):
        self.window.type(b'\x1d')
        assert self.window.ends() == 0
        self.shows_no_secret()

    def shows_no_secret(self):
        assert b'token' not in self.window.shown
        assert b'rejoin' not in self.window.shown
        assert b'Traceback' not in self.window.shown


@pytest.fixture
def attached(served):
    """A function that starts a proxy, and attaches a terminal."""
    made = []

    def attach(**groups):
        made.append(Attached(served.start(**groups)))
        return made[-1]

    yield attach
    for one in made:
        one.close()


def test_a_network_that_is_cut(attached):
    """More than once; the proxy is unreachable meanwhile."""
    terminal = attached()
    terminal.echoes()
    at = 0
    for _ in range(2):
        terminal.network.cut()
        at = terminal.window.wait_for(
            b'console-ext: The connection was lost. Reconnecting.', at
        )
        wait_for(lambda: terminal.network.refused >= 2)
        terminal.network.mend()
        at = terminal.window.wait_for(AGAIN, at)
        terminal.echoes()
    assert terminal.proxy.store.open_sockets == 1
    terminal.leaves()


def test_a_network_that_changes(attached):
    """The old connection stays open at the proxy, and is replaced."""
    terminal = attached()
    terminal.echoes()
    terminal.network.freeze()
    terminal.network.cut_clients()
    terminal.window.wait_for(AGAIN)
    terminal.echoes()
    assert terminal.guest.accepted == 2
    terminal.leaves()


def test_another_proxy(attached, served):
    """The first one is stopped."""
    terminal = attached()
    terminal.echoes()
    conf = served.deployment.conf()
    store = FaultyStore(conf, new=False)
    other = Proxy(conf, store, served.computes)
    other.start()
    try:
        terminal.network.to_port = other.address('serial')[1]
        terminal.proxy.proxy.stop()
        terminal.window.wait_for(b'The proxy is being stopped; connect again.')
        terminal.window.wait_for(AGAIN)
        terminal.echoes()
        terminal.leaves()
    finally:
        other.stop()
        store.close()


def test_a_revoke(attached):
    """The client does not try again."""
    terminal = attached()
    terminal.echoes()
    terminal.proxy.store.revoke(server_id('01'))
    assert terminal.window.ends() == 3
    assert b'The access to this console was revoked.' in terminal.window.shown
    assert terminal.guest.accepted == 1
    terminal.shows_no_secret()


def test_a_revoke_while_the_network_is_away(attached):
    """The client says that a new URL is needed."""
    terminal = attached()
    terminal.network.cut()
    terminal.window.wait_for(b'The connection was lost. Reconnecting.')
    terminal.proxy.store.revoke(server_id('01'))
    terminal.network.mend()
    assert terminal.window.ends() == 3
    sentence = b'This session cannot be opened again. Request a new console URL.'
    assert sentence in terminal.window.shown
    terminal.shows_no_secret()


def test_a_proxy_without_keys(attached):
    """A URL works once, so the client ends."""
    terminal = attached(console_tokens={'rejoin_grace': 0})
    terminal.echoes()
    terminal.network.cut()
    assert terminal.window.ends() == 3
    assert b'console-ext: The connection was lost.\r' in terminal.window.shown


def test_output_without_end(attached):
    """The proxy learns what is written, and lets the guest continue."""
    terminal = attached()
    text = b'x' * 2**18 + b'end'
    terminal.window.type(text)
    terminal.window.wait_for(b'xend')
    terminal.leaves()
