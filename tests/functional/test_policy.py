# SPDX-License-Identifier: Apache-2.0
"""An operator's policy.yaml with the whole pipeline, while it runs."""

from __future__ import annotations

import pytest

from console_ext.policy import Policy
from tests.parts.api_client import SERIAL, SPICE

RULE = 'os_compute_api:os-remote-consoles'


@pytest.fixture(autouse=True)
def checked_at_once(monkeypatch):
    """Check the policy files on each request."""
    monkeypatch.setattr(Policy, 'CHECK_INTERVAL_S', 0)


def statuses(client, by):
    return [client.console(body=body, by=by).status_int for body in (SERIAL, SPICE)]


@pytest.mark.parametrize(
    ('rules', 'member', 'reader', 'admin'),
    [
        ({}, [200, 200], [403, 403], [200, 200]),
        ({RULE: 'role:reader'}, [200, 200], [200, 200], [200, 200]),
        ({RULE: '!'}, [403, 403], [403, 403], [403, 403]),
        ({f'{RULE}:spice': 'role:admin'}, [200, 403], [403, 403], [200, 200]),
        (
            {RULE: 'role:admin', f'{RULE}:serial': 'role:reader'},
            [200, 403],
            [200, 403],
            [200, 200],
        ),
        ({f'{RULE}:serial': 'user_id:%(user_id)s'}, [200, 200], [403, 403], [403, 200]),
        ({'context_is_admin': 'role:reader'}, [200, 200], [200, 200], [200, 200]),
    ],
)
def test_rules(deployment, client, rules, member, reader, admin):
    """Nova's rule applies to both types until a line for one type is added."""
    deployment.write_policy(rules)
    assert statuses(client, 'alice') == member
    assert statuses(client, 'rita') == reader
    assert statuses(client, 'root') == admin


def test_edited_while_running(deployment, client):
    """An edit takes effect without a restart; an invalid one changes nothing."""
    assert statuses(client, 'alice') == [200, 200]
    deployment.write_policy({f'{RULE}:serial': '!'})
    assert statuses(client, 'alice') == [403, 200]
    deployment.policy_file.write_text('"broken: [')
    assert statuses(client, 'alice') == [403, 200]
    for text in ('', '# rules\n', f'"{RULE}": "role:admin andd role:x"\n'):
        deployment.policy_file.write_text(text)
        assert statuses(client, 'alice') == [403, 200]
    deployment.policy_file.unlink()
    for _ in range(3):
        assert statuses(client, 'alice') == [403, 200]
    deployment.policy_file.write_text('{}\n')
    assert statuses(client, 'alice') == [200, 200]


def test_scope(client):
    """A system-scoped administrator is refused, because the rules are for projects."""
    assert statuses(client, 'sys') == [403, 403]
