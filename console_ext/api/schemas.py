# SPDX-License-Identifier: Apache-2.0
"""Bodies of the console actions, as JSON schemas (draft 2020-12)."""

from __future__ import annotations

from typing import Any

from console_ext.consoles import ConsoleType


def request(console_type: ConsoleType) -> dict[str, Any]:
    """The body of the action that gives a console of a type."""
    if console_type.action is None:
        raise ValueError(f'no action gives a console of the type {console_type.type}')
    return {
        'type': 'object',
        'properties': {
            console_type.action: {
                'type': 'object',
                'properties': {'type': {'type': 'string', 'enum': [console_type.type]}},
                'required': ['type'],
                'additionalProperties': False,
            }
        },
        'required': [console_type.action],
        'additionalProperties': False,
    }


def response(console_type: ConsoleType) -> dict[str, Any]:
    """The body of that action's answer."""
    return {
        'type': 'object',
        'properties': {
            'console': {
                'type': 'object',
                'properties': {
                    'type': {'type': 'string', 'enum': [console_type.type]},
                    # Python's dollar would let a line end follow.
                    'url': {
                        'type': 'string',
                        'pattern': '^(wss?|https?)://[^\\s]+$(?!\\s)',
                    },
                },
                'required': ['type', 'url'],
                'additionalProperties': False,
            }
        },
        'required': ['console'],
        'additionalProperties': False,
    }
