# SPDX-License-Identifier: Apache-2.0
"""The port check with the real client and agent, over a bus in memory."""

from __future__ import annotations

import contextlib
import time

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from console_ext.compute import base as compute
from console_ext.rpc.client import ComputeClient
from console_ext.rpc.server import ComputeServer
from tests.functional.proxy.wire import upgrade
from tests.parts.deployment import server


@pytest.fixture
def bus(served):
    """A proxy that asks an agent, and a function that writes the agent's inventory."""
    served.deployment.write_inventory([server('01')])
    served.deployment.configure(
        console_proxy={'max_sessions_per_server': 0, 'max_sessions_per_client': 0}
    )
    served.computes = client = ComputeClient(served.deployment.conf())
    agent = ComputeServer(
        served.deployment.conf(), compute.load(served.deployment.conf())
    )
    agent.start()

    def write(port: int, **values):
        consoles = {'serial': {'host': '127.0.0.1', 'port': port}}
        served.deployment.write_inventory([server('01', consoles=consoles, **values)])

    yield served.start(), write
    agent.stop()
    client.close()


def status(proxy, token) -> int:
    with pytest.raises(InvalidStatus) as caught:
        proxy.connect(token)
    return caught.value.response.status_code


def test_the_port_is_the_servers(bus):
    """The agent confirms the port, and the session opens."""
    proxy, write = bus
    guest = proxy.guest()
    write(guest.port)
    client = proxy.connect(proxy.token(guest))
    client.send(b'x')
    assert client.recv(timeout=5) == b'x'


def test_the_host_does_not_answer(bus):
    """503, after [console_rpc] timeout at the latest."""
    proxy, write = bus
    guest = proxy.guest()
    write(guest.port)
    assert status(proxy, proxy.token(guest, compute_host='ghost')) == 503
    assert guest.accepted == 0


def test_300_openings_for_a_host_that_does_not_answer(bus):
    """Consoles of another host open meanwhile without delay."""
    proxy, write = bus
    guest = proxy.guest()
    write(guest.port)
    timeout_s = proxy.deployment.conf().console_rpc.timeout

    def seconds() -> float:
        started = time.monotonic()
        with connect(proxy.url(proxy.token(guest)), proxy=None) as client:
            client.send(b'x')
            assert client.recv(timeout=10) == b'x'
        return time.monotonic() - started

    with contextlib.ExitStack() as stack:
        for _ in range(300):
            raw = stack.enter_context(proxy.raw())
            path = f'/?token={proxy.token(guest, compute_host="ghost")}'
            raw.sendall(upgrade(path))
        slowest = 0.0
        until = time.monotonic() + 2.5 * timeout_s
        while time.monotonic() < until:
            slowest = max(slowest, seconds())
    # Alone it takes a tenth of this; other tests run at the same time.
    assert slowest < timeout_s
