# SPDX-License-Identifier: Apache-2.0
"""How many sessions there may be."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from console_ext import exceptions

# The smallest network that a host gets in IPv6 (RFC 4291, section 2.5.1; RFC 7934).
_IPV6_PREFIX = 64


def client_key(address: str) -> str:
    """What the sessions of a client are counted by: in IPv6 the /64 of its address.

    A host may choose any number of addresses there.
    """
    try:
        parsed = ipaddress.IPv6Address(address)
    except ValueError:
        # IPv4, or not an address.
        return address
    return str(ipaddress.IPv6Network((int(parsed), _IPV6_PREFIX), strict=False))


class Limits:
    """Counts sessions by scope (proxy, client, server, project) and key.

    :param caps: the most that each key of a scope may have; 0 is any number
    """

    def __init__(self, caps: Mapping[str, int]):
        self._caps = dict(caps)
        self._counts: dict[tuple[str, str], int] = {}

    def take(self, scope: str, key: str) -> None:
        """
        :raises TooManySessions: the key has as many as it may have
        """
        count = self._counts.get((scope, key), 0)
        cap = self._caps[scope]
        if cap and count >= cap:
            raise exceptions.TooManySessions(scope)
        self._counts[scope, key] = count + 1

    def give_back(self, scope: str, key: str) -> None:
        count = self._counts.pop((scope, key)) - 1
        if count:
            self._counts[scope, key] = count

    def __len__(self) -> int:
        """How many keys are counted: none, once every session has ended."""
        return len(self._counts)


class Place:
    """One session's part of the limits."""

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

    def leave(self) -> None:
        for scope, key in self._taken:
            self._limits.give_back(scope, key)
        self._taken = ()
