# SPDX-License-Identifier: Apache-2.0
"""The types of consoles, in one table, and where a console listens.

What the API, the RPC, the agent, the store and the proxy have to know of a type is in
its row of the table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a console listens, as seen from its compute host.

    :param tls_port: a second port that wants TLS; None where there is none
    :param internal_access_path: what the hypervisor wants first on the connection (a
        CONNECT path); None for a plain port
    """

    host: str
    port: int
    tls_port: int | None = None
    internal_access_path: str | None = None


@dataclass(frozen=True, slots=True)
class ConsoleType:
    """One type of console; its names are those of Nova.

    :param type: its name in requests, in the database and in calls of compute hosts
    :param protocol: what the guest speaks; types may have it in common
    :param title: what a sentence calls it, as in "the SPICE console of a server"
    :param action: of a server, that gives its URL; None where only the resource
        ``remote-consoles`` does
    :param since: the first microversion that has it
    :param rpc_method: of a compute host, that gives its endpoint and URL
    :param policy: the last part of its policy rule
    :param group: the group of its options, which has ``enabled``
    :param base_url: the option of that group with the public URL of its proxy
    :param several_sockets: whether its clients open several WebSockets with one token
    :param tls: whether its endpoint may have a second port that wants TLS
    """

    type: str
    protocol: str
    title: str
    action: str | None
    rpc_method: str
    policy: str
    group: str
    base_url: str
    since: str = '2.1'
    several_sockets: bool = False
    tls: bool = False


SERIAL = ConsoleType(
    type='serial',
    protocol='serial',
    title='serial',
    action='os-getSerialConsole',
    rpc_method='get_serial_console',
    policy='serial',
    group='serial_console',
    base_url='base_url',
)

SPICE_HTML5 = ConsoleType(
    type='spice-html5',
    protocol='spice',
    title='SPICE',
    action='os-getSPICEConsole',
    rpc_method='get_spice_console',
    policy='spice',
    group='spice',
    base_url='html5proxy_base_url',
    # Each channel (display, inputs, cursor, ...) has a WebSocket of its own.
    several_sockets=True,
    tls=True,
)

SPICE_DIRECT = ConsoleType(
    type='spice-direct',
    protocol='spice',
    title='direct SPICE',
    action=None,
    rpc_method='get_spice_console',
    policy='spice-direct',
    group='spice',
    base_url='spice_direct_proxy_base_url',
    since='2.99',
    tls=True,
)

NOVNC = ConsoleType(
    type='novnc',
    protocol='vnc',
    title='VNC',
    action='os-getVNCConsole',
    rpc_method='get_vnc_console',
    policy='vnc',
    group='vnc',
    base_url='novncproxy_base_url',
)

TYPES = (SERIAL, SPICE_HTML5, SPICE_DIRECT, NOVNC)

# Each protocol once, in the order of the table.
PROTOCOLS = tuple(dict.fromkeys(one.protocol for one in TYPES))


def by_type(name: object) -> ConsoleType | None:
    """The type of a name; None for an unknown one.

    :param name: any value; it may come from a message or from the database
    """
    return next((one for one in TYPES if one.type == name), None)


def by_pair(protocol: str, name: str) -> ConsoleType | None:
    """The type of a protocol and a name; None where the two do not belong together."""
    found = by_type(name)
    return found if found is not None and found.protocol == protocol else None


def by_action(action: str) -> ConsoleType:
    """The type that an action of a server gives.

    :raises KeyError: no type has that action
    """
    return {one.action: one for one in TYPES}[action]


def by_rpc_method(method: str) -> tuple[ConsoleType, ...]:
    """The types that a method of a compute host gives; none for an unknown method."""
    return tuple(one for one in TYPES if one.rpc_method == method)
