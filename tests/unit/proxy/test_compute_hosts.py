# SPDX-License-Identifier: Apache-2.0
"""Which host is asked, what, and on which bus."""

from __future__ import annotations

import pytest

from console_ext.proxy.compute_hosts import ComputeHosts
from tests.deployment import server_id
from tests.proxy_parts import authorization


class Host:
    def __init__(self):
        self.asked = []

    def validate_console_port(self, context, host, server, console_type, port, bus_url):
        uuid = server['nova_object.data']['uuid']
        self.asked.append((context.is_admin, host, uuid, console_type, port, bus_url))
        return True


@pytest.mark.parametrize(
    ('cell', 'bus_url'),
    [(None, None), ('one', 'rabbit://one'), ('of-another-cloud', None)],
)
def test_asks_the_authorizations_host_on_the_bus_of_its_cell(cell, bus_url):
    host = Host()
    hosts = ComputeHosts(host, {'one': 'rabbit://one', 'two': 'rabbit://two'})
    assert hosts.confirm(authorization(port=7, cell=cell)) is True
    assert host.asked == [(True, 'compute-1', server_id('01'), 'serial', 7, bus_url)]
