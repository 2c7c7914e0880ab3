# SPDX-License-Identifier: Apache-2.0
"""Policy rules in a Nova, with the server as their target."""

from __future__ import annotations

import time

import pytest
import yaml

from tests.integration.nova.client import Client
from tests.parts import nova as clouds
from tests.parts.api_client import SERIAL, SPICE

BASE = 'os_compute_api:os-remote-consoles'

EDIT_S = 2.5


@pytest.fixture(scope='module')
def api(cloud, tmp_path_factory):
    """A client of an API, and a function that edits its policy file."""
    path = tmp_path_factory.mktemp('policy') / 'policy.yaml'
    path.write_text('{}\n')
    conf = clouds.console_ext('nova', f'[oslo_policy]\npolicy_file = {path}\n')
    client = Client(cloud.start_api_with_filter('policy', conf))

    def edit(rules):
        path.write_text(yaml.safe_dump(rules))
        time.sleep(EDIT_S)

    yield client, edit
    cloud.stop_program(cloud.program_of(client.url))


def statuses(client, body, number='01'):
    return {
        by: client.console(number, body, by=by).status_code
        for by in ('alice', 'rita', 'bob', 'root', 'rootb', 'sys')
    }


DEFAULT = {'alice': 200, 'rita': 403, 'bob': 404, 'root': 200, 'rootb': 200, 'sys': 403}


def test_rules_are_edited_while_it_runs(api):
    """Each edit takes effect within seconds, for each console type."""
    client, edit = api
    assert statuses(client, SERIAL) == DEFAULT
    edit({f'{BASE}:spice': 'rule:context_is_admin'})
    assert statuses(client, SERIAL) == DEFAULT
    assert statuses(client, SPICE) == {**DEFAULT, 'alice': 403}
    edit({BASE: 'user_id:%(user_id)s'})
    # The server is alice's, and the rule does not exempt administrators.
    own = {**DEFAULT, 'root': 403, 'rootb': 403}
    assert statuses(client, SERIAL) == own
    assert statuses(client, SERIAL, '02')['bob'] == 200
    edit({})
    assert statuses(client, SPICE) == DEFAULT


@pytest.mark.parametrize(
    ('roles', 'status', 'others'), [('admin', 500, 500), ('boss', 200, 404)]
)
def test_another_administrator(cloud, roles, status, others):
    """Nova shows a server's host to administrators as its own policy defines them."""
    url = cloud.start_api_with_filter(
        f'administrator-{roles}',
        clouds.console_ext('upstream', f'[api]\nupstream_roles = {roles}\n'),
        'context_is_admin: "role:boss"\n',
    )
    client = Client(url)
    assert client.console().status_code == status
    # The role admin has no effect any more.
    assert client.console('01', by='rootb').status_code == others
    api = cloud.program_of(url)
    said = api.log.count('does not show its host to [api] upstream_roles = admin')
    assert said == 2 * (status == 500)
    cloud.stop_program(api)
