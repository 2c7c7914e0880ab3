# SPDX-License-Identifier: Apache-2.0
"""Waits for what happens elsewhere."""

from __future__ import annotations

import asyncio
import time

# Only for a hang: a busy machine may take long for anything.
_HANG_S = 60.0


def wait_for(condition, timeout_s: float = _HANG_S):
    """Wait until a condition is true, and return its value."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f'not within {timeout_s} s')
        time.sleep(0.01)
    return value


async def until(condition, timeout_s: float = _HANG_S) -> None:
    """Let the event loop run until a condition is true."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.001)
