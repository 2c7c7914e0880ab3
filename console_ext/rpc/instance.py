# SPDX-License-Identifier: Apache-2.0
"""A server as it travels: the smallest NovaObject that a nova-compute accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# A nova-compute that meets a newer version than its own asks the conductor to
# translate, and the conductor asks itself: its threads are tied up for minutes.  So
# this is a constant, old enough for every nova-compute that speaks RPC 5.0.
VERSION = '2.7'

_DATA = 'nova_object.data'


@dataclass(frozen=True, slots=True)
class Instance:
    """What a caller knows of a server that it asks a compute host about.

    :param database_id: Nova's integer key of it; None where unknown
    :param vm_state: Nova's; None where unknown
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
    """Fields that are left out are loaded by the peer, when it needs them.

    ``vm_state`` decides one thing there: a driver's InstanceNotFound for a server that
    is still ``building`` comes back as InstanceNotReady.
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
    """The server's id in what a peer sent.

    :raises ValueError: it is no instance
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
    """The state the peer knew the server in; None where it did not say."""
    state = primitive[_DATA].get('vm_state')
    return state if isinstance(state, str) else None
