# SPDX-License-Identifier: Apache-2.0
"""The networks in an option, and normalized addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from console_ext import exceptions

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Networks:
    """
    :param option: the name of the option, for the error
    :raises ConfigurationError: a value is not an address or a network
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
    """Parse an address; an IPv4-mapped IPv6 address becomes IPv4.  None if invalid."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(parsed, 'ipv4_mapped', None) or parsed
