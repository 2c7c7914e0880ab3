# SPDX-License-Identifier: Apache-2.0
"""How much memory the sessions hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console_ext.proxy.relay.memory import Room, Share


def test_a_project_has_its_cap():
    """The others have theirs."""
    room = Room(0, 100)
    one, two, other = Share(room, 'a'), Share(room, 'a'), Share(room, 'b')
    assert one.hold(60)
    assert not two.hold(41)
    assert other.hold(100)


def test_all_have_a_cap():
    room = Room(100, 0)
    assert Share(room, 'a').hold(60)
    assert not Share(room, 'b').hold(41)


def test_what_does_not_fit_counts():
    """It is there until the session has ended."""
    room = Room(0, 100)
    one, two = Share(room, 'a'), Share(room, 'a')
    assert not one.hold(200)
    assert not two.hold(1)
    assert two.hold(0)
    assert one.hold(50)
    assert two.hold(50)


def test_less_always_fits():
    """A session that gives room back is not ended for the others."""
    room = Room(0, 100)
    one, two = Share(room, 'a'), Share(room, 'a')
    assert one.hold(90)
    assert not two.hold(50)
    assert one.hold(80)


def test_no_cap():
    assert Share(Room(0, 0), 'a').hold(10**12)


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from('ab'), st.integers(0, 9)),
        max_size=30,
    )
)
def test_nothing_is_left(changes):
    """When every session has ended."""
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
