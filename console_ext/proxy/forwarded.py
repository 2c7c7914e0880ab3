# SPDX-License-Identifier: Apache-2.0
"""Whom a request is from, behind reverse proxies."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence

from console_ext import exceptions

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What proxies write: an address, which may be in brackets and may have a port.
_ENTRY = re.compile(r'\[(?P<v6>[^\]]+)\](:\d+)?|(?P<v4>[\d.]+)(:\d+)?|(?P<bare>\S+)')

_MAX_HOPS = 20


class Networks:
    """
    :param option: the option that names them, for the error
    :raises ConfigurationError: one is neither an address nor a network
    """

    def __init__(self, networks: Iterable[str], option: str):
        try:
            self._networks = [ipaddress.ip_network(text) for text in networks]
        except ValueError as error:
            raise exceptions.ConfigurationError(f'{option}: {error}') from None

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, address: object) -> bool:
        return any(address in network for network in self._networks)


def address(text: str) -> Address | None:
    """An address in one form: an IPv4 address in IPv6 is that IPv4 address."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(parsed, 'ipv4_mapped', None) or parsed


def client_address(peer: str, values: Sequence[str], trusted: Networks) -> str:
    """Where a request comes from.

    :param peer: the address of the connection
    :param values: the request's X-Forwarded-For headers; each may be a list.  Read from
        the right, for only what trusted proxies have appended is known
    """
    if not trusted and ':' not in peer:
        # An IPv4 address has one form.
        return peer
    nearest = address(peer)
    if nearest is None:
        return peer
    if nearest in trusted:
        entries = ','.join(values).split(',')
        for entry in reversed(entries[-_MAX_HOPS:]):
            match = _ENTRY.fullmatch(entry.strip())
            found = match and address(match['v6'] or match['v4'] or match['bare'])
            if not found:
                break
            nearest = found
            if nearest not in trusted:
                break
    return str(nearest)
