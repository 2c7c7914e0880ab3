# SPDX-License-Identifier: Apache-2.0
"""How long a session may be."""

from __future__ import annotations

import time

import pytest

from console_ext.proxy.sessions import Lengths


@pytest.mark.parametrize(
    ('longest_s', 'enforce', 'expected'),
    [
        (0, False, None),
        (10, False, 110),
        (0, True, 160),
        (10, True, 110),
        (90, True, 160),
    ],
)
def test_the_earlier_end(longest_s, enforce, expected):
    """Of the longest session, and of the authorization where that is enforced."""
    end = Lengths(longest_s, enforce).expires(time.time() + 60, now=100)
    assert end == (expected if expected is None else pytest.approx(expected, abs=0.5))


def test_an_authorization_that_has_expired_meanwhile():
    """The session ends at once, not in the past."""
    assert Lengths(0, True).expires(time.time() - 60, now=100) == 100
