# SPDX-License-Identifier: Apache-2.0
"""Who may read where the console of a token is."""

from oslo_policy import policy

BASE = 'os_compute_api:os-console-auth-tokens'


def list_rules() -> list[policy.DocumentedRuleDefault]:
    return [
        policy.DocumentedRuleDefault(
            BASE,
            'rule:context_is_admin',
            'Show where the console of a token is.',
            [{'method': 'GET', 'path': '/os-console-auth-tokens/{console_token}'}],
            scope_types=['project'],
        )
    ]
