# SPDX-License-Identifier: Apache-2.0
"""Whether a token opens a session, or joins the one that it has opened.

Decided without the database, from what its rows say at one moment.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from oslo_config import cfg

from console_ext import consoles
from console_ext.exceptions import RefusalReason

MAX_ADDRESS = 255

# So often a session may be without a socket for the whole grace.
FULL_GAPS = 10


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    :param client_address: as :func:`canonical` makes it
    :param now: seconds since the epoch, by the clock that wrote the state's times
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
    :param opened: when the session's first socket was let in; None while there is none
    :param admitted: how many sockets the session has let in
    :param gaps_s: how long the session had no socket, up to the last one that it let in
    """

    console_type: str
    expires: float
    revoked: bool = False
    session_id: str | None = None
    client_address: str | None = None
    closed: float | None = None
    leases: tuple[float, ...] = ()
    opened: float | None = None
    admitted: int = 0
    gaps_s: float = 0.0

    @property
    def last_open(self) -> float:
        """Until when the session is known, or believed, to have a socket."""
        # A socket whose proxy died closed with its lease, at the latest.
        return max(self.closed or 0.0, *self.leases, 0.0)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """
    :param max_sockets: sockets that a session may have at once
    :param max_joins: sockets that a session may let in, one after the other
    :param join_grace_s: how long after its last socket a session can be joined
    :param longest_s: how long a session may last; 0 is any time
    :param enforce_expiry: whether a session ends when its authorization expires
    """

    max_sockets: int
    max_joins: int
    join_grace_s: float
    longest_s: float = 0.0
    enforce_expiry: bool = False

    @classmethod
    def of(cls, conf: cfg.ConfigOpts) -> SessionLimits:
        options = conf.console_tokens
        return cls(
            options.spice_max_sockets,
            options.spice_max_joins,
            options.spice_join_grace,
            conf.console_proxy.max_session_time,
            conf.consoleauth.enforce_session_timeout,
        )


def refusal(
    state: State, attempt: Attempt, limits: SessionLimits
) -> RefusalReason | None:
    """Why the token is refused; None if it lets a socket in."""
    if attempt.console_type != state.console_type:
        return RefusalReason.WRONG_TYPE
    if state.revoked:
        return RefusalReason.REVOKED
    if state.session_id is None:
        return RefusalReason.EXPIRED if state.expires <= attempt.now else None
    known = consoles.by_type(state.console_type)
    # A type that this release does not know gets one socket, the safe choice.
    if known is None or not known.several_sockets:
        return RefusalReason.USED
    left = left_s(state, attempt.now, limits)
    if left is not None and left <= 0:
        return RefusalReason.EXPIRED
    if state.last_open + limits.join_grace_s <= attempt.now:
        return RefusalReason.USED
    if state.gaps_s + gap_s(state, attempt.now) > FULL_GAPS * limits.join_grace_s:
        return RefusalReason.USED
    if attempt.client_address != state.client_address:
        return RefusalReason.OTHER_CLIENT
    if sum(lease > attempt.now for lease in state.leases) >= limits.max_sockets:
        return RefusalReason.TOO_MANY_SOCKETS
    if state.admitted >= limits.max_joins:
        return RefusalReason.TOO_MANY_JOINS
    return None


def left_s(state: State, now: float, limits: SessionLimits) -> float | None:
    """How long the token's session may still last, in seconds; None for any time.

    It begins now if it was not opened yet.
    """
    ends = []
    if limits.longest_s:
        opened = now if state.opened is None else state.opened
        ends.append(opened + limits.longest_s - now)
    if limits.enforce_expiry:
        ends.append(state.expires - now)
    return min(ends, default=None)


def gap_s(state: State, now: float) -> float:
    """How long the session has had no socket; 0 if it has one, or never had one."""
    return max(0.0, now - state.last_open) if state.last_open else 0.0


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
