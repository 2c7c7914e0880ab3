# SPDX-License-Identifier: Apache-2.0
"""Nova's base rules."""

import pytest

from console_ext.policy import base_rules
from tests.parts.deployment import PROJECT_B
from tests.unit.policy.checks import allows, credentials

BASE_RULES = [
    # rule, manager, member, reader, admin of another project
    ('context_is_admin', False, False, False, True),
    ('project_manager_api', True, False, False, False),
    ('project_manager_or_admin', True, False, False, True),
    ('project_member_api', True, True, False, False),
    ('project_member_or_admin', True, True, False, True),
    ('project_reader_api', True, True, True, False),
    ('project_reader_or_admin', True, True, True, True),
    ('admin_api', False, False, False, False),
    ('admin_or_owner', True, True, True, False),
]


@pytest.mark.parametrize(('rule', 'manager', 'member', 'reader', 'admin'), BASE_RULES)
def test_base_rules(policy_of, rule, manager, member, reader, admin):
    """They have the names and the meaning of Nova's rules."""
    policy = policy_of()
    roles = 'manager,member,reader'
    assert allows(policy, rule, credentials(roles)) is manager
    assert allows(policy, rule, credentials('member,reader')) is member
    assert allows(policy, rule, credentials('reader')) is reader
    root = credentials('admin', project_id=PROJECT_B)
    assert allows(policy, rule, root) is admin
    other = credentials(roles, project_id=PROJECT_B)
    assert not allows(policy, rule, other)


def test_every_base_rule_is_walked():
    """Every base rule is in the table above."""
    assert {rule.name for rule in base_rules()} == {row[0] for row in BASE_RULES}
