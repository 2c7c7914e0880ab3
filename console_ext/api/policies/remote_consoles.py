# SPDX-License-Identifier: Apache-2.0
"""The rules for opening consoles: Nova's rule, and one for each type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oslo_policy import policy

from console_ext import consoles
from console_ext.consoles import TYPES, ConsoleType
from console_ext.policy import PROJECT_MEMBER_OR_ADMIN

BASE = 'os_compute_api:os-remote-consoles'

_RESOURCE = '/servers/{server_id}/remote-consoles'
_ACTION = '/servers/{server_id}/action'


def rule_of(console_type: ConsoleType) -> str:
    """Return the name of the rule for a console type."""
    return f'{BASE}:{console_type.policy}'


ALL = (BASE, *map(rule_of, TYPES))


def rule_of_body(body: dict[str, Any]) -> str:
    """Return the rule for a body of ``POST …/remote-consoles``.

    :param body: the validated body
    :returns: Nova's rule if the type is unknown here; the request then fails later
    """
    asked = body['remote_console']
    console_type = consoles.by_pair(asked['protocol'], asked['type'])
    return BASE if console_type is None else rule_of(console_type)


def list_rules() -> list[policy.DocumentedRuleDefault]:
    return [
        policy.DocumentedRuleDefault(
            BASE,
            PROJECT_MEMBER_OR_ADMIN,
            'Get the URL of a remote console of a server, of any type.',
            [{'method': 'POST', 'path': _RESOURCE}, *_actions(TYPES)],
            scope_types=['project'],
        ),
        *map(_rule, TYPES),
    ]


def _rule(console_type: ConsoleType) -> policy.DocumentedRuleDefault:
    resource = f'{_RESOURCE} ({console_type.protocol}, {console_type.type})'
    return policy.DocumentedRuleDefault(
        rule_of(console_type),
        f'rule:{BASE}',
        f'Get the URL of the {console_type.title} console of a server.',
        [{'method': 'POST', 'path': resource}, *_actions([console_type])],
        scope_types=['project'],
    )


def _actions(types: Iterable[ConsoleType]) -> list[policy.Operation]:
    return [
        {'method': 'POST', 'path': f'{_ACTION} ({one.action})'}
        for one in types
        if one.action is not None
    ]
