# SPDX-License-Identifier: Apache-2.0
"""Retries become less frequent, and end."""

from console_ext.client.backoff import GIVE_UP_S, Backoff


def steady():
    return Backoff(jitter=lambda: 1.0)


def delays(backoff, at_least_s=0.0):
    found = []
    while (delay_s := backoff.next(at_least_s)) is not None:
        found.append(delay_s)
    return found


def test_delays_double_and_end():
    found = delays(steady())
    assert found[:7] == [0.5, 1, 2, 4, 8, 15, 15]
    assert sum(found) == GIVE_UP_S


def test_the_server_asks_for_more():
    found = delays(steady(), at_least_s=60)
    assert found == [60] * 5


def test_a_server_may_not_ask_for_everything():
    """The total time stays the same."""
    assert delays(steady(), at_least_s=1e9) == [GIVE_UP_S]


def test_after_a_good_session():
    """After a good session, delays start again; after a short one they do not."""
    backoff = steady()
    for _ in range(5):
        backoff.next()
    backoff.opened_for(1)
    assert backoff.next() == 15
    backoff.opened_for(30)
    assert backoff.next() == 0.5


def test_a_console_that_opens_and_is_lost_at_once():
    """Retries end even if each attempt opens a console."""
    backoff = steady()
    count = 0
    while backoff.next() is not None:
        backoff.opened_for(0.1)
        count += 1
    assert count < 30


def test_jitter():
    """Many clients do not reconnect at the same time."""
    assert len({Backoff().next() for _ in range(20)}) > 1
