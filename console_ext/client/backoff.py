# SPDX-License-Identifier: Apache-2.0
"""The delays between attempts to reconnect."""

from __future__ import annotations

import random
from collections.abc import Callable

_FIRST_S = 0.5
_LONGEST_S = 15.0

# After a session of this length, the delays start from the beginning.
_GOOD_S = 30.0

# Longer than the restart of a proxy or an interruption of a wireless network.
GIVE_UP_S = 300.0


class Backoff:
    """Delays that double, up to a total time.

    :param jitter: returns a random factor for each delay, so that the clients of a
        stopped proxy do not all reconnect at the same time
    """

    def __init__(self, jitter: Callable[[], float] = lambda: random.uniform(0.8, 1.2)):  # noqa: S311
        self._jitter = jitter
        self._delay_s = _FIRST_S
        self._waited_s = 0.0

    def opened_for(self, seconds: float) -> None:
        """Record how long the last connection was open."""
        if seconds >= _GOOD_S:
            self._delay_s, self._waited_s = _FIRST_S, 0.0

    def next(self, at_least_s: float = 0.0) -> float | None:
        """
        :param at_least_s: the minimum that the server has requested
        :returns: seconds to wait; None to give up
        """
        if self._waited_s >= GIVE_UP_S:
            return None
        delay_s = max(self._delay_s * self._jitter(), at_least_s)
        delay_s = min(delay_s, GIVE_UP_S - self._waited_s)
        self._waited_s += delay_s
        self._delay_s = min(2 * self._delay_s, _LONGEST_S)
        return delay_s
