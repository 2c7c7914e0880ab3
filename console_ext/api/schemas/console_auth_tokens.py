# SPDX-License-Identifier: Apache-2.0
"""Queries and responses of ``os-console-auth-tokens``."""

from __future__ import annotations

from typing import Any

SHOW_QUERY = {'type': 'object', 'additionalProperties': True}
SHOW_QUERY_2_99 = {'type': 'object', 'additionalProperties': False}

_PORT = {'type': 'integer', 'minimum': 1, 'maximum': 65535}


def _shown(**more: Any) -> dict[str, Any]:
    """
    :param more: schemas of optional properties
    """
    console = {
        'type': 'object',
        'properties': {
            'instance_uuid': {'type': 'string'},
            'host': {'type': 'string'},
            'port': _PORT,
            'internal_access_path': {'type': ['string', 'null']},
            **more,
        },
        'required': ['instance_uuid', 'host', 'port', 'internal_access_path'],
        'additionalProperties': False,
    }
    return {
        'type': 'object',
        'properties': {'console': console},
        'required': ['console'],
        'additionalProperties': False,
    }


SHOWN = _shown()
SHOWN_2_99 = _shown(tls_port={'anyOf': [_PORT, {'type': 'null'}]})
