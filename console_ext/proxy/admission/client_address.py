# SPDX-License-Identifier: Apache-2.0
"""The address of the client behind reverse proxies."""

from __future__ import annotations

import re
from collections.abc import Sequence

from console_ext.proxy import networks

# An entry of X-Forwarded-For: an address, with optional brackets and port.
_ENTRY = re.compile(r'\[(?P<v6>[^\]]+)\](:\d+)?|(?P<v4>[\d.]+)(:\d+)?|(?P<bare>\S+)')

_MAX_HOPS = 20


def client_address(peer: str, values: Sequence[str], trusted: networks.Networks) -> str:
    """Return the address of the client.

    :param peer: the address of the connection
    :param values: the request's X-Forwarded-For headers, each of which may be a list.
        They are read from the right, because only the entries that trusted proxies have
        appended are reliable.
    """
    if not trusted and ':' not in peer:
        # IPv4 addresses need no normalization.
        return peer
    nearest = networks.address(peer)
    if nearest is None:
        return peer
    if nearest in trusted:
        entries = ','.join(values).split(',')
        for entry in reversed(entries[-_MAX_HOPS:]):
            match = _ENTRY.fullmatch(entry.strip())
            found = match and networks.address(
                match['v6'] or match['v4'] or match['bare']
            )
            if not found:
                break
            nearest = found
            if nearest not in trusted:
                break
    return str(nearest)
