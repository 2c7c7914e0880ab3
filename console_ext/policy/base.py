# SPDX-License-Identifier: Apache-2.0
"""Nova's base policy rules, with Nova's names (nova/policies/base.py)."""

from __future__ import annotations

from oslo_policy import policy as oslo_policy

PROJECT_MEMBER_OR_ADMIN = 'rule:project_member_or_admin'
PROJECT_READER_OR_ADMIN = 'rule:project_reader_or_admin'
PROJECT_MANAGER_OR_ADMIN = 'rule:project_manager_or_admin'
ADMIN = 'rule:context_is_admin'

_BEFORE_SCOPES = 'Nova replaced this by rules on roles in a project.'


def _deprecated(name: str, check: str) -> oslo_policy.DeprecatedRule:
    return oslo_policy.DeprecatedRule(
        name, check, deprecated_reason=_BEFORE_SCOPES, deprecated_since='21.0.0'
    )


def base_rules() -> list[oslo_policy.RuleDefault]:
    """Return the rules that Nova's policies are built from."""
    admin_api = _deprecated('rule:admin_api', 'is_admin:True')
    owner = _deprecated(
        'rule:admin_or_owner', 'is_admin:True or project_id:%(project_id)s'
    )
    rules: list[tuple[str, str, str, oslo_policy.DeprecatedRule | None]] = [
        (
            'context_is_admin',
            'role:admin',
            'Defines who is an administrator.',
            admin_api,
        )
    ]
    for role, replaced in (
        ('manager', admin_api),
        ('member', owner),
        ('reader', owner),
    ):
        rules += [
            (
                f'project_{role}_api',
                f'role:{role} and project_id:%(project_id)s',
                f"The caller has the role {role} in the target's project.",
                replaced,
            ),
            (
                f'project_{role}_or_admin',
                f'rule:project_{role}_api or rule:context_is_admin',
                f"The caller has the role {role} in the target's project, or is an "
                'administrator.',
                replaced,
            ),
        ]
    return [
        oslo_policy.RuleDefault(name, check, about, deprecated_rule=replaced)
        for name, check, about, replaced in rules
    ] + [
        oslo_policy.RuleDefault(
            name.removeprefix('rule:'),
            check,
            'For policy files that still refer to it.',
            deprecated_for_removal=True,
            deprecated_reason=_BEFORE_SCOPES,
            deprecated_since='21.0.0',
        )
        for name, check in (
            ('rule:admin_api', 'is_admin:True'),
            ('rule:admin_or_owner', 'is_admin:True or project_id:%(project_id)s'),
        )
    ]
