# SPDX-License-Identifier: Apache-2.0
"""The proxy before it is started."""

from __future__ import annotations

import asyncio
import sys

import pytest

from console_ext import exceptions
from console_ext.proxy import server
from console_ext.proxy.server import Proxy
from tests.parts.peers import Computes
from tests.parts.stores import factories
from tests.parts.stores.faulty import FaultyStore


@pytest.fixture
def store(tmp_path):
    made = FaultyStore(factories.configuration(f'sqlite:///{tmp_path}/tokens.db'))
    yield made
    made.close()


@pytest.fixture
def made(deployment, tmp_path, store):
    deployment.configure(
        serial_console={'serialproxy_host': '::1', 'serialproxy_port': 0},
        spice={'html5proxy_port': 0, 'html5proxy_web': tmp_path},
    )
    return Proxy(deployment.conf(), store, Computes())


def test_stop_without_start(made):
    """It has no effect."""
    made.stop()
    assert not made.alive()


def test_reload_without_start(made):
    """It has no effect."""
    made.reload()


def test_url(made):
    """An IPv6 address is in brackets."""
    made.start()
    port = made.address('serial')[1]
    assert made.url('serial') == f'http://[::1]:{port}'
    made.stop()


def test_a_heartbeat_that_is_too_slow(deployment, store):
    """The proxy refuses it before it listens."""
    deployment.configure(console_tokens={'lease': 12})
    with pytest.raises(exceptions.ConfigurationError, match='heartbeat_interval'):
        Proxy(deployment.conf(), store, Computes())


def test_event_loops(monkeypatch):
    """uvloop if it is installed, otherwise asyncio's event loop."""
    monkeypatch.setitem(sys.modules, 'uvloop', None)
    assert server._loop_factory() is asyncio.new_event_loop
