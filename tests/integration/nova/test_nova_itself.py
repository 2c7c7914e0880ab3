# SPDX-License-Identifier: Apache-2.0
"""The Nova to which the other tests compare, without this package."""

import pytest

from tests.integration.nova.client import Client


@pytest.mark.parametrize(
    ('number', 'status'), [('01', 200), ('07', 400), ('27', 501), ('ff', 404)]
)
def test_console(plain, number, status):
    """Each host answers, and the driver fails as requested."""
    assert Client(plain).console(number).status_code == status


def test_server(plain):
    """A server that was never booted is shown."""
    response = Client(plain).get('/v2.1/servers/{server}')
    assert response.json()['server']['name'] == 'server-01'
