# SPDX-License-Identifier: Apache-2.0
"""Writing and reading the samples of users."""

import pytest

from bench.soak.samples import Key, Loss, Opening, Samples, Window, percentile


def test_written_and_read(tmp_path):
    samples = Samples([Key(1.5, 0.25)], [Opening(2.0, 0.5, 503)], [Loss(3.0, 'cut')])
    samples.write(tmp_path / 'samples')
    assert Samples.read(tmp_path / 'samples') == samples


@pytest.mark.parametrize(('share', 'value'), [(0, 1), (0.5, 51), (0.99, 100), (1, 100)])
def test_percentile(share, value):
    assert percentile(range(100, 0, -1), share) == value


def test_percentile_of_nothing():
    assert percentile([], 0.5) is None


@pytest.mark.parametrize(
    ('began', 'took', 'overlaps'),
    [(0, 9, False), (0, 10, True), (15, 1, True), (20, 1, True), (21, 1, False)],
)
def test_window(began, took, overlaps):
    assert Window('any', 10, 20).overlaps(Key(began, took)) is overlaps
