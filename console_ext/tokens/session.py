# SPDX-License-Identifier: Apache-2.0
"""Whether a token opens a session, or joins the one that it has opened.

Decided without the database, from what its rows say at one moment.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from oslo_config import cfg

from console_ext.exceptions import Refusal

MAX_ADDRESS = 255

# Their clients open a WebSocket for each channel, all with one token.
SEVERAL_SOCKETS = frozenset({'spice-html5'})


@dataclass(frozen=True, slots=True)
class Request:
    """
    :param client_address: as :func:`canonical` makes it
    :param now: seconds since the epoch
    """

    console_type: str
    client_address: str
    now: float


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a token; times are in seconds since the epoch.

    :param session_id: None while no session was opened
    :param client_address: whose the session is; None while there is none
    :param closed: when a socket was last closed; None if none was
    :param leases: for each socket that was not closed, until when it is believed to
        be open
    """

    console_type: str
    expires: float
    revoked: bool = False
    session_id: str | None = None
    client_address: str | None = None
    closed: float | None = None
    leases: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """
    :param join_grace_s: how long after its last socket a session can be joined
    """

    max_sockets: int
    join_grace_s: float

    @classmethod
    def of(cls, conf: cfg.ConfigOpts) -> Limits:
        options = conf.console_tokens
        return cls(options.spice_max_sockets, options.spice_join_grace)


def refusal(state: State, request: Request, limits: Limits) -> Refusal | None:
    """Why the token is refused; None if it lets a socket in."""
    if request.console_type != state.console_type:
        return Refusal.WRONG_TYPE
    if state.revoked:
        return Refusal.REVOKED
    if state.session_id is None:
        return Refusal.EXPIRED if state.expires <= request.now else None
    if state.console_type not in SEVERAL_SOCKETS:
        return Refusal.USED
    # A socket whose proxy died closed with its lease, at the latest.
    last_open = max(state.closed or 0.0, *state.leases, 0.0)
    if last_open + limits.join_grace_s <= request.now:
        return Refusal.USED
    if request.client_address != state.client_address:
        return Refusal.OTHER_CLIENT
    if sum(lease > request.now for lease in state.leases) >= limits.max_sockets:
        return Refusal.TOO_MANY_SOCKETS
    return None


def canonical(client_address: str) -> str:
    """One spelling for one address: proxies may listen with IPv6 and with IPv4.

    What is no address is left as it is, within :data:`MAX_ADDRESS` characters.
    """
    if ':' not in client_address:
        # IPv4 addresses have one spelling.
        return client_address[:MAX_ADDRESS]
    try:
        address = ipaddress.ip_address(client_address)
    except ValueError:
        return client_address[:MAX_ADDRESS]
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)[:MAX_ADDRESS]
