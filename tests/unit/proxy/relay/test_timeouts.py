# SPDX-License-Identifier: Apache-2.0
"""When a session is pinged and when it times out, as a table."""

from __future__ import annotations

import pytest

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.timeouts import Due, Timing, due

PINGING = Timing(ping_interval_s=20, ping_timeout_s=10)
NEVER = Timing(ping_interval_s=0)
IDLE = Timing(ping_interval_s=0, idle_s=60)


def at(
    now, timing, heard=0.0, pinged=None, active=0.0, expires=None, reading=True
) -> Due:
    return due(
        timing,
        now,
        reading=reading,
        heard=heard,
        pinged=pinged,
        active=active,
        expires=expires,
    )


@pytest.mark.parametrize(
    ('asked', 'expected'),
    [
        # Pings come after an interval of silence, and an interval after each answer.
        (at(0, PINGING), Due(False, None, 20)),
        (at(19, PINGING, heard=10), Due(False, None, 30)),
        (at(20, PINGING), Due(True, None, 30)),
        (at(25, PINGING, pinged=20), Due(False, None, 30)),
        (at(25, PINGING, heard=20, pinged=20), Due(False, None, 40)),
        (at(25, PINGING, heard=21, pinged=20), Due(False, None, 41)),
        (at(45, PINGING, heard=21, pinged=20), Due(True, None, 55)),
        (at(30, PINGING, pinged=20), Due(False, close_codes.CLIENT_SILENT, None)),
        (at(10**6, NEVER), Due(False, None, None)),
        # With a long timeout, the answer is checked for after an interval.
        (at(20, Timing(20, 100)), Due(True, None, 40)),
        (at(40, Timing(20, 100), pinged=20), Due(False, None, 60)),
        # While the client is not read, it is pinged at each interval; no timeout.
        (at(30, PINGING, pinged=20, reading=False), Due(False, None, 40)),
        (at(40, PINGING, pinged=20, reading=False), Due(True, None, 60)),
        (at(10**6, PINGING, pinged=20, reading=False), Due(True, None, 10**6 + 20)),
        (at(20, PINGING, reading=False), Due(True, None, 40)),
        (
            at(50, PINGING, reading=False, expires=50),
            Due(False, close_codes.EXPIRED, None),
        ),
        # The client is read again from second 50.
        (at(51, PINGING, heard=50, pinged=40), Due(False, None, 70)),
        (at(70, PINGING, heard=50, pinged=40), Due(True, None, 80)),
        # Idle means no data in either direction; pongs do not count.
        (at(59, IDLE), Due(False, None, 60)),
        (at(60, IDLE, heard=59), Due(False, close_codes.IDLE, None)),
        (at(60, IDLE, active=30), Due(False, None, 90)),
        # The maximum duration applies in any case.
        (at(5, NEVER, expires=10), Due(False, None, 10)),
        (at(10, NEVER, expires=10), Due(False, close_codes.EXPIRED, None)),
        (at(60, IDLE, expires=10), Due(False, close_codes.EXPIRED, None)),
        (at(20, PINGING, expires=25), Due(True, None, 25)),
    ],
)
def test_due(asked, expected):
    """The action that is due, and the time of the next check."""
    assert asked == expected
