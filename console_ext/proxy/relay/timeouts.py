# SPDX-License-Identifier: Apache-2.0
"""Decides when a session is pinged and when it times out; ``client`` does both."""

from __future__ import annotations

from dataclasses import dataclass

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.close_codes import Closing


@dataclass(frozen=True, slots=True)
class Timing:
    """Timeouts of sessions; 0 for none.

    :param ping_interval_s: ping the client after this time of silence
    :param ping_timeout_s: end the session after this time of silence after a ping
    :param idle_s: end the session after this time without data in either direction
    """

    ping_interval_s: float = 0
    ping_timeout_s: float = 20
    idle_s: float = 0


@dataclass(frozen=True, slots=True)
class Due:
    """The actions that are due now.

    :param ping: whether to ping the client
    :param end: how to end the session; None to continue it
    :param next_check: when to check again; None for never
    """

    ping: bool
    end: Closing | None
    next_check: float | None


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
    """What is due at a time; all times are seconds of the same monotonic clock.

    :param reading: whether an answer of the client would be read; if not, the client is
        pinged at every interval, and its silence does not count
    :param heard: when the client last showed that it is alive, or when reading was
        resumed
    :param pinged: when it was last pinged; None before the first ping
    :param active: when data was last sent in either direction
    :param expires: the latest end of the session; None for no limit
    """
    # Not >=: an answer may have the same time as the ping, in whole milliseconds.
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
        # While waiting for an answer, check again later.
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
