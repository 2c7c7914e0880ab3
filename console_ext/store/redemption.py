# SPDX-License-Identifier: Apache-2.0
"""Decides whether a token opens a session or joins it, and whether a key reopens it.

The decisions are pure functions of the token's state, which the store reads from the
database.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from oslo_config import cfg

from console_ext import consoles
from console_ext.exceptions import RefusalReason

MAX_ADDRESS = 255

# The total time that a session may be without a socket, in multiples of the grace.
FULL_GAPS = 10

# How often a session may be opened again with a rejoin key.
MAX_REJOINS = 500


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    :param client_address: in the form that :func:`canonical` returns
    :param now: seconds since the epoch, by the database's clock
    """

    console_type: str
    client_address: str
    now: float


@dataclass(frozen=True, slots=True)
class State:
    """The state of a token; times are in seconds since the epoch.

    :param session_id: None before the token has opened a session
    :param client_address: the session's client; None before there is a session
    :param closed: when a socket was last closed; None if none has been closed
    :param leases: the expiry of each socket that has not been closed
    :param opened: when the session's first socket was admitted; None before that
    :param admitted: the number of sockets admitted so far
    :param gaps_s: the total time without a socket, up to the last admitted socket
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
        """The latest time at which the session has, or may have, a socket."""
        # A socket whose proxy died counts as open until its lease expires.
        return max(self.closed or 0.0, *self.leases, 0.0)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """
    :param max_sockets: the maximum number of simultaneous sockets of a session
    :param max_joins: the maximum number of sockets of a session in total
    :param join_grace_s: how long a session without a socket can still be joined
    :param longest_s: the maximum duration of a session; 0 for no limit
    :param enforce_expiry: whether a session ends when its authorization expires
    :param rejoin_grace_s: how long a session without a socket can be opened again with
        its rejoin key; 0 for never
    """

    max_sockets: int
    max_joins: int
    join_grace_s: float
    longest_s: float = 0.0
    enforce_expiry: bool = False
    rejoin_grace_s: int = 0

    @classmethod
    def of(cls, conf: cfg.ConfigOpts) -> SessionLimits:
        options = conf.console_tokens
        return cls(
            options.spice_max_sockets,
            options.spice_max_joins,
            options.spice_join_grace,
            conf.console_proxy.max_session_time,
            conf.consoleauth.enforce_session_timeout,
            options.rejoin_grace,
        )


def refusal(
    state: State, attempt: Attempt, limits: SessionLimits
) -> RefusalReason | None:
    """Return the reason to refuse the token; None to admit a socket."""
    if attempt.console_type != state.console_type:
        return RefusalReason.WRONG_TYPE
    if state.revoked:
        return RefusalReason.REVOKED
    if state.session_id is None:
        return RefusalReason.EXPIRED if state.expires <= attempt.now else None
    known = consoles.by_type(state.console_type)
    # A type that this release does not know may have one socket, to be safe.
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


def has_rejoin_key(state: State, limits: SessionLimits) -> bool:
    """Whether the token's session gets a key that opens it again.

    A token whose session has several sockets needs none: it joins the session itself.
    """
    known = consoles.by_type(state.console_type)
    return limits.rejoin_grace_s > 0 and known is not None and not known.several_sockets


def rejoin_refusal(
    state: State, attempt: Attempt, limits: SessionLimits
) -> RefusalReason | None:
    """Return the reason to refuse a session's rejoin key.

    :returns: None to admit a socket in place of all others of the session
    """
    if attempt.console_type != state.console_type:
        return RefusalReason.WRONG_TYPE
    if state.revoked:
        return RefusalReason.REVOKED
    if state.session_id is None:
        return RefusalReason.UNKNOWN
    left = left_s(state, attempt.now, limits)
    if left is not None and left <= 0:
        return RefusalReason.EXPIRED
    key_ends = state.last_open + limits.rejoin_grace_s
    if not limits.rejoin_grace_s or key_ends <= attempt.now:
        return RefusalReason.EXPIRED
    if attempt.client_address != state.client_address:
        return RefusalReason.OTHER_CLIENT
    # The first socket is not a rejoin.
    if state.admitted > MAX_REJOINS:
        return RefusalReason.TOO_MANY_JOINS
    return None


def left_s(state: State, now: float, limits: SessionLimits) -> float | None:
    """Return the remaining time of the token's session; None for no limit.

    A session that has not been opened yet counts as opened now.
    """
    ends = []
    if limits.longest_s:
        opened = now if state.opened is None else state.opened
        ends.append(opened + limits.longest_s - now)
    if limits.enforce_expiry:
        ends.append(state.expires - now)
    return min(ends, default=None)


def gap_s(state: State, now: float) -> float:
    """Return how long the session has had no socket; 0 if it never had one."""
    return max(0.0, now - state.last_open) if state.last_open else 0.0


def canonical(client_address: str) -> str:
    """Return an address in a unique spelling: IPv4-mapped IPv6 addresses become IPv4.

    A text that is not an address is only cut to :data:`MAX_ADDRESS` characters.
    """
    if ':' not in client_address:
        # IPv4 addresses have a single spelling.
        return client_address[:MAX_ADDRESS]
    try:
        address = ipaddress.ip_address(client_address)
    except ValueError:
        return client_address[:MAX_ADDRESS]
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)[:MAX_ADDRESS]
