# SPDX-License-Identifier: Apache-2.0
"""The port check with the real client and agent, over a bus in memory."""

from __future__ import annotations

import contextlib
import select

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from console_ext.compute import base as compute
from console_ext.rpc.client import ComputeClient
from console_ext.rpc.server import ComputeServer
from tests.functional.proxy.wire import receive_until, upgrade
from tests.parts.deployment import server


@pytest.fixture
def bus(served, request):
    """A proxy that asks an agent, and a function that writes the agent's inventory.

    The parameter is ``[console_rpc] timeout``.
    """
    timeout_s = getattr(request, 'param', 10)
    served.deployment.configure(console_rpc={'timeout': timeout_s})
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
    assert client.recv(timeout=30) == b'x'


@pytest.mark.parametrize('bus', [1], indirect=True)
def test_the_host_does_not_answer(bus):
    """503, after [console_rpc] timeout at the latest."""
    proxy, write = bus
    guest = proxy.guest()
    write(guest.port)
    assert status(proxy, proxy.token(guest, compute_host='ghost')) == 503
    assert guest.accepted == 0


def opens(proxy, guest) -> None:
    with connect(proxy.url(proxy.token(guest)), proxy=None) as client:
        client.send(b'x')
        assert client.recv(timeout=30) == b'x'


@pytest.mark.parametrize('bus', [6], indirect=True)
def test_300_openings_for_a_host_that_does_not_answer(bus):
    """Consoles of another host open meanwhile without delay."""
    proxy, write = bus
    guest = proxy.guest()
    write(guest.port)
    waiting = []
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            raw = stack.enter_context(proxy.raw())
            path = f'/?token={proxy.token(guest, compute_host="ghost")}'
            raw.sendall(upgrade(path))
            waiting.append(raw)
        for _ in range(10):
            opens(proxy, guest)
        # None of them has been answered meanwhile.
        assert not select.select(waiting, [], [], 0)[0]
        for client in waiting:
            assert receive_until(client, None).startswith(b'HTTP/1.1 503')
        opens(proxy, guest)
