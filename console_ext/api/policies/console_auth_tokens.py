# SPDX-License-Identifier: Apache-2.0
"""The rule for reading the address of a token's console."""

from oslo_policy import policy

BASE = 'os_compute_api:os-console-auth-tokens'


def list_rules() -> list[policy.DocumentedRuleDefault]:
    return [
        policy.DocumentedRuleDefault(
            BASE,
            'rule:context_is_admin',
            "Show the address of a token's console.",
            [{'method': 'GET', 'path': '/os-console-auth-tokens/{console_token}'}],
            scope_types=['project'],
        )
    ]
