# SPDX-License-Identifier: Apache-2.0
"""The limits of sessions."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from console_ext import exceptions

# The smallest network that a host gets in IPv6 (RFC 4291, section 2.5.1; RFC 7934).
_IPV6_PREFIX = 64


def client_key(address: str) -> str:
    """Return the key that counts a client's sessions: its address, or in IPv6 its /64.

    An IPv6 host may use any address of its /64.
    """
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        # IPv4, or not an address.
        return address
    return str(ipaddress.IPv6Network((int(parsed), _IPV6_PREFIX), strict=False))


class Limits:
    """Counts sessions by scope (proxy, client, server, project) and key.

    :param maximums: the maximum for each key of a scope; 0 for no limit
    """

    def __init__(self, maximums: Mapping[str, int]):
        self._maximums = dict(maximums)
        self._counts: dict[tuple[str, str], int] = {}

    def take(self, scope: str, key: str) -> None:
        """
        :raises TooManySessions: the key has reached the maximum
        """
        count = self._counts.get((scope, key), 0)
        maximum = self._maximums[scope]
        if maximum and count >= maximum:
            raise exceptions.TooManySessions(scope)
        self._counts[scope, key] = count + 1

    def give_back(self, scope: str, key: str) -> None:
        count = self._counts.pop((scope, key)) - 1
        if count:
            self._counts[scope, key] = count

    def __len__(self) -> int:
        """The number of keys with sessions; 0 when all sessions have ended."""
        return len(self._counts)


class Place:
    """The entries of a session in the limits."""

    __slots__ = ('_limits', '_taken')

    def __init__(self, limits: Limits):
        self._limits = limits
        self._taken: tuple[tuple[str, str], ...] = ()

    def take(self, scope: str, key: str = '') -> None:
        """
        :raises TooManySessions:
        """
        self._limits.take(scope, key)
        self._taken += ((scope, key),)

    def leave_all_but(self, scope: str) -> None:
        for taken in self._taken:
            if taken[0] != scope:
                self._limits.give_back(*taken)
        self._taken = tuple(taken for taken in self._taken if taken[0] == scope)

    def leave(self) -> None:
        for scope, key in self._taken:
            self._limits.give_back(scope, key)
        self._taken = ()
