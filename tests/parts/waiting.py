# SPDX-License-Identifier: Apache-2.0
"""Waits for what happens elsewhere."""

from __future__ import annotations

import time


def wait_for(condition, timeout_s: float = 5.0):
    """Wait until a condition is true, and return its value."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f'not within {timeout_s} s')
        time.sleep(0.01)
    return value
