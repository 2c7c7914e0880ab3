# SPDX-License-Identifier: Apache-2.0
"""How long to wait before each attempt to connect again."""

from __future__ import annotations

import random
from collections.abc import Callable

_FIRST_S = 0.5
_LONGEST_S = 15.0

# A session as long as this was a good one: the next loss starts from the beginning.
_GOOD_S = 30.0

# Restarting a proxy, or losing a wireless network, takes less.
GIVE_UP_S = 300.0


class Backoff:
    """Delays that double, and end.

    :param jitter: the factor of each delay, so that a thousand clients of a proxy that
        has stopped do not come back at once
    """

    def __init__(self, jitter: Callable[[], float] = lambda: random.uniform(0.8, 1.2)):  # noqa: S311
        self._jitter = jitter
        self._delay_s = _FIRST_S
        self._waited_s = 0.0

    def opened_for(self, seconds: float) -> None:
        """Take note of how long the last connection was open."""
        if seconds >= _GOOD_S:
            self._delay_s, self._waited_s = _FIRST_S, 0.0

    def next(self, at_least_s: float = 0.0) -> float | None:
        """
        :param at_least_s: what the server asks for
        :returns: seconds to wait; None when it is time to give up
        """
        if self._waited_s >= GIVE_UP_S:
            return None
        delay_s = max(self._delay_s * self._jitter(), at_least_s)
        delay_s = min(delay_s, GIVE_UP_S - self._waited_s)
        self._waited_s += delay_s
        self._delay_s = min(2 * self._delay_s, _LONGEST_S)
        return delay_s
