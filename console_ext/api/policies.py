# SPDX-License-Identifier: Apache-2.0
"""Who may open a console: Nova's rule, and one for each type that follows it."""

from collections.abc import Iterable

from oslo_policy import policy

from console_ext.consoles import TYPES, ConsoleType
from console_ext.policy import PROJECT_MEMBER_OR_ADMIN

BASE = 'os_compute_api:os-remote-consoles'

_PATH = '/servers/{server_id}/action'


def rule_of(console_type: ConsoleType) -> str:
    """The name of the rule that must allow a console of a type."""
    return f'{BASE}:{console_type.policy}'


def list_rules() -> list[policy.DocumentedRuleDefault]:
    return [
        policy.DocumentedRuleDefault(
            BASE,
            PROJECT_MEMBER_OR_ADMIN,
            'Get the URL of a remote console of a server, of whichever type.',
            _operations(TYPES),
            scope_types=['project'],
        ),
        *map(_rule, TYPES),
    ]


def _rule(console_type: ConsoleType) -> policy.DocumentedRuleDefault:
    return policy.DocumentedRuleDefault(
        rule_of(console_type),
        f'rule:{BASE}',
        f'Get the URL of the {console_type.title} console of a server.',
        _operations([console_type]),
        scope_types=['project'],
    )


def _operations(types: Iterable[ConsoleType]) -> list[policy.Operation]:
    return [
        {'method': 'POST', 'path': f'{_PATH} ({one.action})'}
        for one in types
        if one.action is not None
    ]
