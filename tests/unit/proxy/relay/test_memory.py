# SPDX-License-Identifier: Apache-2.0
"""The memory that sessions use for bytes that wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console_ext.proxy.relay.memory import Room, Share


def test_limit_of_a_project():
    """Each project has its own limit."""
    room = Room(0, 100)
    one, two, other = Share(room, 'a'), Share(room, 'a'), Share(room, 'b')
    assert one.hold(60)
    assert not two.hold(41)
    assert other.hold(100)


def test_limit_of_all():
    room = Room(100, 0)
    assert Share(room, 'a').hold(60)
    assert not Share(room, 'b').hold(41)


def test_what_does_not_fit_counts():
    """The bytes count until the session has ended."""
    room = Room(0, 100)
    one, two = Share(room, 'a'), Share(room, 'a')
    assert not one.hold(200)
    assert not two.hold(1)
    assert two.hold(0)
    assert one.hold(50)
    assert two.hold(50)


def test_less_always_fits():
    """A session that needs less memory is not ended because of the others."""
    room = Room(0, 100)
    one, two = Share(room, 'a'), Share(room, 'a')
    assert one.hold(90)
    assert not two.hold(50)
    assert one.hold(80)


def test_no_limit():
    assert Share(Room(0, 0), 'a').hold(10**12)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from('ab'), st.integers(0, 9)),
        max_size=30,
    )
)
def test_nothing_is_left(changes):
    """After all sessions have ended, nothing is counted."""
    room = Room(0, 0)
    shares = {(n, p): Share(room, p) for n in range(3) for p in 'ab'}
    held = dict.fromkeys(shares, 0)
    for number, project, size in changes:
        shares[number, project].hold(size)
        held[number, project] = size
        assert room.held == sum(held.values())
    for share in shares.values():
        share.hold(0)
    assert (room.held, len(room)) == (0, 0)
