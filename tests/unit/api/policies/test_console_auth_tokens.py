# SPDX-License-Identifier: Apache-2.0
"""The policy rule of ``os-console-auth-tokens``."""

from console_ext.api import policies
from console_ext.api.policies import console_auth_tokens, remote_consoles


def test_rule():
    """The rule has Nova's name and Nova's default."""
    (rule,) = console_auth_tokens.list_rules()
    assert (rule.name, rule.check_str, rule.scope_types) == (
        'os_compute_api:os-console-auth-tokens',
        'rule:context_is_admin',
        ['project'],
    )
    assert rule.operations == [
        {'method': 'GET', 'path': '/os-console-auth-tokens/{console_token}'}
    ]


def test_all_rules():
    """The package lists the rules of each module, for the policy sample."""
    assert [rule.name for rule in policies.list_rules()] == [
        rule.name
        for module in (remote_consoles, console_auth_tokens)
        for rule in module.list_rules()
    ]
