# SPDX-License-Identifier: Apache-2.0
"""Calls over a RabbitMQ that accepts connections and never answers."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from console_ext import exceptions
from console_ext.consoles import SERIAL
from console_ext.context import RequestContext
from console_ext.rpc.client import ComputeClient
from console_ext.rpc.instance import Instance
from tests.parts.deployment import PROJECT_A, server_id
from tests.parts.waiting import wait_for

TIMEOUT_S = 4

# The time of a call beyond its timeout, with any number of clients; less than another
# timeout, and enough for a machine that pauses.
LATE_S = 3.5

SERVER = Instance(server_id('01'))


@pytest.fixture
def call(deployment, programs, broker):
    """A function that requests a console from a host, with one client for all calls."""
    deployment.configure(
        DEFAULT={'transport_url': broker.url}, console_rpc={'timeout': TIMEOUT_S}
    )
    agent = programs.start(
        'console-ext-agent', '--config-file', str(deployment.config_file)
    )
    agent.wait_for('Answering for compute host')
    client = ComputeClient(deployment.conf())

    def ask():
        context = RequestContext(user_id='alice', project_id=PROJECT_A)
        return client.get_console(context, 'compute-1', SERVER, SERIAL)

    return ask


@pytest.mark.parametrize('known', [True, False], ids=['answered before', 'new'])
@pytest.mark.parametrize('clients', [1, 36])
def test_frozen_broker(call, broker, clients, known):
    """Every call ends in time, and the client notices when the broker returns."""
    if known:
        call()

    def timed(_):
        began = time.monotonic()
        with pytest.raises(exceptions.ComputeUnavailable):
            call()
        return time.monotonic() - began

    with broker.frozen(), ThreadPoolExecutor(clients) as pool:
        seconds = [one for _ in range(2) for one in pool.map(timed, range(clients))]
    print(f'{clients} clients: {min(seconds):.1f} to {max(seconds):.1f} s')
    assert max(seconds) <= TIMEOUT_S + LATE_S

    def answers() -> bool:
        with contextlib.suppress(exceptions.ComputeUnavailable):
            call()
            return True
        return False

    wait_for(answers)
