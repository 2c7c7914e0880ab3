# SPDX-License-Identifier: Apache-2.0
"""Control messages of the subprotocol ``console-ext.v1``.

Binary frames are data.  Text frames are JSON objects.  The proxy sends a key that opens
the session again after a loss, and the client reports how much it has written to the
terminal.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

SUBPROTOCOL = 'console-ext.v1'

# Report when this much is new; less than the proxy sends ahead.
REPORT_BYTES = 2**15

_LONGEST_KEY = 255
_LONGEST_S = 86400


@dataclass(frozen=True, slots=True)
class RejoinKey:
    """A key that opens the session again, once.

    :param within_s: how long it works after a loss of the connection, in seconds
    """

    text: str = field(repr=False)
    within_s: float


def rejoin_key(message: str) -> RejoinKey | None:
    """Return the key in a message of the proxy.

    :returns: None for any other message: a later proxy may send more
    """
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    key, within_s = found.get('rejoin'), found.get('within')
    if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY:
        return None
    if isinstance(within_s, bool) or not isinstance(within_s, int | float):
        return None
    if not 0 < within_s <= _LONGEST_S:
        return None
    return RejoinKey(key, within_s)


def drawn(count: int) -> str:
    """Return a report: how many of the guest's bytes have been written so far."""
    return json.dumps({'drawn': count})
