# SPDX-License-Identifier: Apache-2.0
"""Who may read where the console of a token is."""

from console_ext.api import policies
from console_ext.api.policies import console_auth_tokens, remote_consoles


def test_rule():
    """Nova's, with Nova's default."""
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
    """The package lists those of each module, for the sample of operators."""
    assert [rule.name for rule in policies.list_rules()] == [
        rule.name
        for module in (remote_consoles, console_auth_tokens)
        for rule in module.list_rules()
    ]
