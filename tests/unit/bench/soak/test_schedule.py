# SPDX-License-Identifier: Apache-2.0
"""How long each part of a run takes."""

import pytest

from bench.soak.schedule import Times


@pytest.mark.parametrize(
    ('minutes', 'frozen'), [(30, 60), (5, 51.6), (1.2, 10), (0.1, 6)]
)
def test_times(minutes, frozen):
    times = Times.of(minutes * 60)
    assert times.frozen == pytest.approx(frozen)
    assert times.locked == 10
    assert times.quiet >= 10
    assert times.disturbed > times.frozen + times.locked
