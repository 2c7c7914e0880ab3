# SPDX-License-Identifier: Apache-2.0
"""Whom a request is from, behind reverse proxies."""

from __future__ import annotations

import re
from collections.abc import Sequence

from console_ext.proxy import networks

# What proxies write: an address, which may be in brackets and may have a port.
_ENTRY = re.compile(r'\[(?P<v6>[^\]]+)\](:\d+)?|(?P<v4>[\d.]+)(:\d+)?|(?P<bare>\S+)')

_MAX_HOPS = 20


def client_address(peer: str, values: Sequence[str], trusted: networks.Networks) -> str:
    """Where a request comes from.

    :param peer: the address of the connection
    :param values: the request's X-Forwarded-For headers; each may be a list.  Read from
        the right, for only what trusted proxies have appended is known
    """
    if not trusted and ':' not in peer:
        # An IPv4 address has one form.
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
