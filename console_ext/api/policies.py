# SPDX-License-Identifier: Apache-2.0
"""Who may open a console: Nova's rule, and one for each type that follows it."""

from oslo_policy import policy

from console_ext.policy import PROJECT_MEMBER_OR_ADMIN

BASE = 'os_compute_api:os-remote-consoles'
SERIAL = f'{BASE}:serial'
SPICE = f'{BASE}:spice'

_PATH = '/servers/{server_id}/action'


def _operation(action: str) -> policy.Operation:
    return {'method': 'POST', 'path': f'{_PATH} ({action})'}


def list_rules() -> list[policy.DocumentedRuleDefault]:
    return [
        policy.DocumentedRuleDefault(
            BASE,
            PROJECT_MEMBER_OR_ADMIN,
            'Get the URL of a remote console of a server, of whichever type.',
            [_operation('os-getSerialConsole'), _operation('os-getSPICEConsole')],
            scope_types=['project'],
        ),
        policy.DocumentedRuleDefault(
            SERIAL,
            f'rule:{BASE}',
            'Get the URL of the serial console of a server.',
            [_operation('os-getSerialConsole')],
            scope_types=['project'],
        ),
        policy.DocumentedRuleDefault(
            SPICE,
            f'rule:{BASE}',
            'Get the URL of the SPICE console of a server.',
            [_operation('os-getSPICEConsole')],
            scope_types=['project'],
        ),
    ]
