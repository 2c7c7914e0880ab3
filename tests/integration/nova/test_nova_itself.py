# SPDX-License-Identifier: Apache-2.0
"""The Nova that the other tests compare with, without anything of ours."""

import pytest

from tests.integration.nova.client import Client


@pytest.mark.parametrize(
    ('number', 'status'), [('01', 200), ('07', 400), ('27', 501), ('ff', 404)]
)
def test_console(plain, number, status):
    """Each of its hosts answers, and the driver fails as it is asked to."""
    assert Client(plain).console(number).status_code == status


def test_server(plain):
    """A server that was never booted is shown all the same."""
    response = Client(plain).get('/v2.1/servers/{server}')
    assert response.json()['server']['name'] == 'server-01'
