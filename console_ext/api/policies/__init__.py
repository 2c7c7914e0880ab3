# SPDX-License-Identifier: Apache-2.0
"""The policy rules, with a module for each controller."""

from oslo_policy import policy

from console_ext.api.policies import console_auth_tokens, remote_consoles


def list_rules() -> list[policy.DocumentedRuleDefault]:
    """Return all rules."""
    return [*remote_consoles.list_rules(), *console_auth_tokens.list_rules()]
