# SPDX-License-Identifier: Apache-2.0
"""The table of console types, and the address of a console.

A row of the table has all that the API, the RPC, the agent, the store and the proxy
need to know about a type.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of a console, as its compute host reports it.

    :param port: None if there is only the other port
    :param tls_port: a port that requires TLS; None if there is none
    :param internal_access_path: a path that the hypervisor expects first on the
        connection (with CONNECT); None for a plain port
    """

    host: str
    port: int | None
    tls_port: int | None = None
    internal_access_path: str | None = None


@dataclass(frozen=True, slots=True)
class ConsoleType:
    """A type of console, with Nova's names.

    :param type: its name in requests, in the database and in calls of compute hosts
    :param protocol: the protocol of the guest; several types may share a protocol
    :param title: its name in sentences, as in "the SPICE console of a server"
    :param action: the server action that returns its URL; None if only the resource
        ``remote-consoles`` does
    :param since: the first microversion that has it
    :param rpc_method: the method of compute hosts that returns its address and URL
    :param policy: the last part of the name of its policy rule
    :param group: the group of its options, which has the option ``enabled``
    :param base_url: the option of this group with the public URL of its proxy
    :param several_sockets: whether its clients open several WebSockets with one token
    :param token_in_path: whether its page opens a WebSocket at the path that its own
        query names, so that this path has to contain the token, as in noVNC
    :param tls: whether a console may have a port that requires TLS, besides its other
        port or instead of it
    :param native_clients: whether its clients are programs that speak the protocol
        without a WebSocket.  Another proxy than this package's serves them, and reads
        the address of the console from ``os-console-auth-tokens``
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
    token_in_path: bool = False
    tls: bool = False
    native_clients: bool = False


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
    # Each channel (display, inputs, cursor, ...) has its own WebSocket.
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
    native_clients=True,
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
    token_in_path=True,
)

TYPES = (SERIAL, SPICE_HTML5, SPICE_DIRECT, NOVNC)

# All protocols, without duplicates, in the order of the table.
PROTOCOLS = tuple(dict.fromkeys(one.protocol for one in TYPES))


def by_type(name: object) -> ConsoleType | None:
    """Return the console type with this name, or None.

    :param name: any value; it may come from a message or from the database
    """
    return next((one for one in TYPES if one.type == name), None)


def by_pair(protocol: str, name: str) -> ConsoleType | None:
    """The type of a protocol and a name; None where the two do not belong together."""
    found = by_type(name)
    return found if found is not None and found.protocol == protocol else None


def by_action(action: str) -> ConsoleType:
    """Return the console type that a server action is for.

    :raises KeyError: no type has this action
    """
    return {one.action: one for one in TYPES}[action]


def by_rpc_method(method: str) -> tuple[ConsoleType, ...]:
    """Return the console types that a method of compute hosts is for."""
    return tuple(one for one in TYPES if one.rpc_method == method)
