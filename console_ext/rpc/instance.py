# SPDX-License-Identifier: Apache-2.0
"""The minimal serialized Instance that nova-compute accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# If nova-compute receives a newer version than its own, it asks the conductor to
# convert it, and the conductor calls itself, which blocks its threads for minutes.
# This constant is old enough for every nova-compute with RPC 5.0.
VERSION = '2.7'

_DATA = 'nova_object.data'


@dataclass(frozen=True, slots=True)
class Instance:
    """What a caller knows about the server of a call.

    :param database_id: Nova's integer key; None if unknown
    :param vm_state: Nova's state; None if unknown
    """

    id: str
    database_id: int | None = None
    vm_state: str | None = None


def to_primitive(
    server_id: str,
    *,
    database_id: int | None = None,
    vm_state: str | None = None,
    host: str | None = None,
) -> dict[str, Any]:
    """Return the serialized form.  The peer loads missing fields when it needs them.

    ``vm_state`` has one effect there: an InstanceNotFound of the driver becomes an
    InstanceNotReady while the server is ``building``.
    """
    data: dict[str, Any] = {'uuid': server_id}
    optional = {'id': database_id, 'vm_state': vm_state, 'host': host}
    data.update((name, value) for name, value in optional.items() if value is not None)
    return {
        'nova_object.name': 'Instance',
        'nova_object.namespace': 'nova',
        'nova_object.version': VERSION,
        _DATA: data,
    }


def uuid_of(primitive: Any) -> str:
    """Return the server's id from a peer's message.

    :raises ValueError: the value is not an instance
    """
    if not isinstance(primitive, Mapping):
        raise ValueError('not an object')
    data = primitive.get(_DATA)
    server_id = data.get('uuid') if isinstance(data, Mapping) else None
    if primitive.get('nova_object.name') != 'Instance' or not isinstance(
        server_id, str
    ):
        raise ValueError('not an Instance with a uuid')
    return server_id


def vm_state_of(primitive: Mapping[str, Any]) -> str | None:
    """Return the state in the peer's message, or None."""
    state = primitive[_DATA].get('vm_state')
    return state if isinstance(state, str) else None
