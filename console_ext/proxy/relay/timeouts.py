# SPDX-License-Identifier: Apache-2.0
"""When a session is pinged and when it ends: decided here, done in ``client``."""

from __future__ import annotations

from dataclasses import dataclass

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.close_codes import Closing


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds; 0 is never.

    :param ping_interval_s: silence of the client after which it is pinged
    :param ping_timeout_s: silence after the ping at which it is given up
    :param idle_s: time without a byte for the other side
    """

    ping_interval_s: float = 0
    ping_timeout_s: float = 20
    idle_s: float = 0


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done now.

    :param ping: whether to ping the client
    :param end: how the session is to end; None while it goes on
    :param again: when to look again, at the latest; None is never
    """

    ping: bool
    end: Closing | None
    again: float | None


def due(
    timing: Timing,
    now: float,
    *,
    reading: bool,
    heard: float,
    pinged: float | None,
    active: float,
    expires: float | None,
) -> Due:
    """What a session's times mean; all of them are one monotonic clock's seconds.

    :param reading: whether an answer of the client would be read; where it would not,
        the client is pinged at every interval, and silence proves nothing
    :param heard: when the client last showed that it lives; also when reading began
        again
    :param pinged: when it was last pinged; None before the first ping
    :param active: when a byte last went either way
    :param expires: when the session ends whatever it does; None is never
    """
    # An answer within the clock's millisecond has the ping's own time.
    waiting = reading and pinged is not None and pinged > heard
    silent_at = (pinged or 0) + timing.ping_timeout_s if waiting else None
    idle_at = active + timing.idle_s if timing.idle_s else None
    for when, end in (
        (expires, close_codes.EXPIRED),
        (idle_at, close_codes.IDLE),
        (silent_at, close_codes.CLIENT_SILENT),
    ):
        if when is not None and now >= when:
            return Due(False, end, None)
    ping = False
    look_at = None
    if timing.ping_interval_s:
        # While an answer is waited for, it may have come by then.
        since = now if waiting else max(heard, pinged or heard)
        look_at = since + timing.ping_interval_s
        if now >= look_at:
            ping = True
            look_at = now + timing.ping_interval_s
            silent_at = now + timing.ping_timeout_s if reading else None
    times = [
        when for when in (expires, idle_at, silent_at, look_at) if when is not None
    ]
    return Due(ping, None, min(times, default=None))
