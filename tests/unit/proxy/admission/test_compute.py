# SPDX-License-Identifier: Apache-2.0
"""Asking compute hosts: the host, the arguments, and the bus."""

from __future__ import annotations

import asyncio
from concurrent import futures

import pytest

from console_ext import exceptions
from console_ext.proxy.admission.compute import ComputeHosts
from console_ext.rpc.instance import Instance
from tests.parts.deployment import server_id
from tests.parts.stores.factories import authorization

BUSES = {'one': 'rabbit://one', 'two': 'rabbit://two'}


class Host:
    def __init__(self):
        self.asked = []
        self.answer = futures.Future()

    def validate_console_port(self, context, host, server, console_type, port, bus_url):
        asked = (context.is_admin, host, server, console_type, port, bus_url)
        self.asked.append(asked)
        return self.answer


@pytest.mark.parametrize(
    ('cell', 'bus_url'),
    [(None, None), ('one', 'rabbit://one'), ('of-another-cloud', None)],
)
def test_asks_the_authorizations_host_on_the_bus_of_its_cell(cell, bus_url):
    host = Host()
    host.answer.set_result(True)
    asyncio.run(ComputeHosts(host, BUSES, 5).confirm(authorization(port=7, cell=cell)))
    server = Instance(server_id('01'))
    assert host.asked == [(True, 'compute-1', server, 'serial', 7, bus_url)]


@pytest.mark.parametrize('answer', [False, None, 'yes', 1])
def test_only_true_confirms(answer):
    """Any answer except True refuses."""
    host = Host()
    host.answer.set_result(answer)
    with pytest.raises(exceptions.ConsoleMoved):
        asyncio.run(ComputeHosts(host, BUSES, 5).confirm(authorization()))


def test_host_that_does_not_answer_in_time():
    """The call is withdrawn if it has not begun."""
    host = Host()
    with pytest.raises(exceptions.HostUnreachable):
        asyncio.run(ComputeHosts(host, BUSES, 0.01).confirm(authorization()))
    assert host.answer.cancelled()
