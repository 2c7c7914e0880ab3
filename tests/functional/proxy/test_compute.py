# SPDX-License-Identifier: Apache-2.0
"""The port check by the real client and the real agent, over a bus in memory."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from console_ext.compute import base as compute
from console_ext.rpc.client import ComputeClient
from console_ext.rpc.server import ComputeServer
from tests.deployment import server


@pytest.fixture
def bus(served):
    """A proxy that asks an agent; and a function that writes the agent's inventory."""
    served.deployment.write_inventory([server('01')])
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
    """The agent says yes, and the session opens."""
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
