# SPDX-License-Identifier: Apache-2.0
"""The policy rules, a module for each controller."""

from oslo_policy import policy

from console_ext.api.policies import console_auth_tokens, remote_consoles


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """All of them."""
    return [*remote_consoles.list_rules(), *console_auth_tokens.list_rules()]
