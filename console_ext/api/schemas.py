# SPDX-License-Identifier: Apache-2.0
"""Bodies of the console actions, as JSON schemas (draft 2020-12)."""

from __future__ import annotations

from typing import Any


def _request(action: str, console_type: str) -> dict[str, Any]:
    return {
        'type': 'object',
        'properties': {
            action: {
                'type': 'object',
                'properties': {'type': {'type': 'string', 'enum': [console_type]}},
                'required': ['type'],
                'additionalProperties': False,
            }
        },
        'required': [action],
        'additionalProperties': False,
    }


def _response(console_type: str) -> dict[str, Any]:
    return {
        'type': 'object',
        'properties': {
            'console': {
                'type': 'object',
                'properties': {
                    'type': {'type': 'string', 'enum': [console_type]},
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


get_serial_console = _request('os-getSerialConsole', 'serial')
get_serial_console_response = _response('serial')

get_spice_console = _request('os-getSPICEConsole', 'spice-html5')
get_spice_console_response = _response('spice-html5')
