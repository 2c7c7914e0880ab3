# SPDX-License-Identifier: Apache-2.0
"""One log line in an interval, with a count of the others."""

from console_ext.throttle import Throttle


def test_one_in_an_interval(monkeypatch):
    """The first event is logged at once; the next line has the count of the others."""
    now = [100.0]
    monkeypatch.setattr('time.monotonic', lambda: now[0])
    throttle = Throttle(60)
    assert throttle.admit() == 0
    for now[0] in (100.0, 130.0, 159.9):
        assert throttle.admit() is None
    now[0] = 160.0
    assert throttle.admit() == 3
    assert throttle.admit() is None
    now[0] = 500.0
    assert throttle.admit() == 1
