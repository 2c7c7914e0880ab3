# SPDX-License-Identifier: Apache-2.0
"""Bodies of ``remote-consoles`` and of the console actions.

Values and their order are Nova's (nova/api/openstack/compute/schemas), because error
messages list them.  They include protocols and types that are not supported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console_ext.consoles import ConsoleType

# In Python, "$" also matches before a trailing newline.
_URL = {'type': 'string', 'pattern': '^(wss?|https?)://[^\\s]+$(?!\\s)'}

# Additional types in Nova's schema of an action.
_ALSO_OF_ACTION = {'os-getVNCConsole': ['xvpvnc']}

_PROTOCOLS_2_6 = ['vnc', 'spice', 'serial', 'rdp']
_TYPES_2_6 = ['novnc', 'xvpvnc', 'spice-html5', 'serial', 'rdp-html5']
_PROTOCOLS_2_8 = [*_PROTOCOLS_2_6, 'mks']
_TYPES_2_8 = [*_TYPES_2_6, 'webmks']
_TYPES_2_99 = [*_TYPES_2_8, 'spice-direct']


def _object(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object with exactly these properties."""
    return {
        'type': 'object',
        'properties': properties,
        'required': list(properties),
        'additionalProperties': False,
    }


def _one_of(values: Sequence[str]) -> dict[str, Any]:
    return {'type': 'string', 'enum': list(values)}


def _create(protocols: Sequence[str], types: Sequence[str]) -> dict[str, Any]:
    pair = _object(protocol=_one_of(protocols), type=_one_of(types))
    return _object(remote_console=pair)


CREATE_2_6 = _create(_PROTOCOLS_2_6, _TYPES_2_6)
CREATE_2_8 = _create(_PROTOCOLS_2_8, _TYPES_2_8)
CREATE_2_99 = _create(_PROTOCOLS_2_8, _TYPES_2_99)

CREATED = _object(
    remote_console=_object(
        protocol={'type': 'string'}, type={'type': 'string'}, url=_URL
    )
)


def action(console_type: ConsoleType) -> dict[str, Any]:
    """Return the schema of the action's request body for a console type."""
    name = console_type.action
    if name is None:
        raise ValueError(f'the console type {console_type.type} has no action')
    types = [console_type.type, *_ALSO_OF_ACTION.get(name, [])]
    return _object(**{name: _object(type=_one_of(types))})


def action_response(console_type: ConsoleType) -> dict[str, Any]:
    """Return the schema of the action's response body."""
    return _object(console=_object(type=_one_of([console_type.type]), url=_URL))
