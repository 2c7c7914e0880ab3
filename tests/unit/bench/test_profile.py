# SPDX-License-Identifier: Apache-2.0
"""The shares of a profile."""

from __future__ import annotations

from bench import profile

PARTS = (('library', ('library/',)), ('own', ('own/',)))


def test_a_sample_counts_for_the_first_part_in_its_stack():
    recorded = 'main (own/a.py:1);get (library/b.py:2) 3\nmain (own/a.py:7) 1\n'
    assert profile.shares(PARTS, recorded) == [('library', 0.75), ('own', 0.25)]


def test_a_stack_without_a_part():
    recorded = 'run (asyncio/runners.py:118) 1\n'
    assert profile.shares(PARTS, recorded) == [(profile.OTHER, 1.0)]


def test_an_empty_profile():
    assert profile.shares(PARTS, '') == []
