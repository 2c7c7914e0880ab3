# SPDX-License-Identifier: Apache-2.0
"""The decision whether a token is redeemed: a table, and general properties."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console_ext import conf as config
from console_ext.exceptions import RefusalReason
from console_ext.store import redemption
from console_ext.store.redemption import Attempt, SessionLimits, State

NOW = 1000.0
LIMITS = SessionLimits(max_sockets=3, max_joins=9, join_grace_s=10)
ENDING = dataclasses.replace(LIMITS, longest_s=100)
ENFORCING = dataclasses.replace(LIMITS, enforce_expiry=True)

SERIAL = State('serial', expires=NOW + 1)
SPICE = State('spice-html5', expires=NOW + 1)
OPEN = {'session_id': 's', 'client_address': 'a'}


def opened(state, **changes):
    return dataclasses.replace(state, **OPEN, **changes)


@pytest.mark.parametrize(
    ('state', 'type_', 'client', 'expected'),
    [
        (SERIAL, 'serial', 'a', None),
        (SPICE, 'spice-html5', 'a', None),
        (SERIAL, 'spice-html5', 'a', RefusalReason.WRONG_TYPE),
        (SPICE, 'serial', 'a', RefusalReason.WRONG_TYPE),
        (SERIAL, '', 'a', RefusalReason.WRONG_TYPE),
        (State('serial', NOW), 'serial', 'a', RefusalReason.EXPIRED),
        (State('serial', NOW + 1, revoked=True), 'serial', 'a', RefusalReason.REVOKED),
        (
            State('serial', NOW, revoked=True),
            'spice-html5',
            'a',
            RefusalReason.WRONG_TYPE,
        ),
        (opened(SERIAL, leases=(NOW + 1,)), 'serial', 'a', RefusalReason.USED),
        # A type of a later release: the number of its sockets is unknown.
        (State('later', NOW + 1), 'later', 'a', None),
        (opened(State('later', NOW + 1), closed=NOW), 'later', 'a', RefusalReason.USED),
        (opened(SERIAL, closed=NOW), 'serial', 'a', RefusalReason.USED),
        (opened(SPICE, leases=(NOW + 1,)), 'spice-html5', 'a', None),
        (
            opened(SPICE, leases=(NOW + 1,)),
            'spice-html5',
            'b',
            RefusalReason.OTHER_CLIENT,
        ),
        (
            opened(SPICE, leases=(NOW + 1,), revoked=True),
            'spice-html5',
            'a',
            RefusalReason.REVOKED,
        ),
        # After the token has expired, while the session lasts.
        (opened(State('spice-html5', 1), leases=(NOW + 1,)), 'spice-html5', 'a', None),
        # The grace period, after a closed socket and after one whose proxy died.
        (opened(SPICE, closed=NOW - 9), 'spice-html5', 'a', None),
        (opened(SPICE, closed=NOW - 10), 'spice-html5', 'a', RefusalReason.USED),
        (opened(SPICE, closed=NOW - 10), 'spice-html5', 'b', RefusalReason.USED),
        (opened(SPICE, leases=(NOW - 9,)), 'spice-html5', 'a', None),
        (opened(SPICE, leases=(NOW - 10,)), 'spice-html5', 'a', RefusalReason.USED),
        (opened(SPICE, closed=1, leases=(NOW - 9,)), 'spice-html5', 'a', None),
        (opened(SPICE), 'spice-html5', 'a', RefusalReason.USED),
        # The limit counts sockets that are probably open.
        (
            opened(SPICE, leases=(NOW + 1,) * 3),
            'spice-html5',
            'a',
            RefusalReason.TOO_MANY_SOCKETS,
        ),
        (opened(SPICE, leases=(NOW + 1, NOW + 1, NOW)), 'spice-html5', 'a', None),
        # The maximum number of sockets of a session in total.
        (opened(SPICE, leases=(NOW + 1,), admitted=8), 'spice-html5', 'a', None),
        (
            opened(SPICE, leases=(NOW + 1,), admitted=9),
            'spice-html5',
            'a',
            RefusalReason.TOO_MANY_JOINS,
        ),
        # All gaps together, including the current one.
        (opened(SPICE, closed=NOW - 5, gaps_s=95), 'spice-html5', 'a', None),
        (
            opened(SPICE, closed=NOW - 5, gaps_s=96),
            'spice-html5',
            'a',
            RefusalReason.USED,
        ),
        (opened(SPICE, leases=(NOW + 1,), gaps_s=100), 'spice-html5', 'a', None),
    ],
)
def test_refusals(state, type_, client, expected):
    assert redemption.refusal(state, Attempt(type_, client, NOW), LIMITS) is expected


LIVE = opened(SPICE, leases=(NOW + 1,))


@pytest.mark.parametrize(
    ('state', 'limits', 'left_s'),
    [
        (SERIAL, LIMITS, None),
        (SERIAL, ENDING, 100),
        (SERIAL, ENFORCING, 1),
        (dataclasses.replace(LIVE, opened=NOW - 99), LIMITS, None),
        (dataclasses.replace(LIVE, opened=NOW - 99), ENDING, 1),
        (dataclasses.replace(LIVE, opened=NOW - 100), ENDING, 0),
        (dataclasses.replace(LIVE, opened=NOW - 101), ENDING, -1),
        (LIVE, ENFORCING, 1),
        (dataclasses.replace(LIVE, expires=NOW), ENFORCING, 0),
        (
            dataclasses.replace(LIVE, expires=NOW + 5, opened=NOW - 98),
            dataclasses.replace(ENDING, enforce_expiry=True),
            2,
        ),
    ],
)
def test_a_session_has_an_end(state, limits, left_s):
    """After the maximum duration, nobody can join."""
    assert redemption.left_s(state, NOW, limits) == left_s
    over = left_s is not None and left_s <= 0
    request = Attempt(state.console_type, 'a', NOW)
    expected = RefusalReason.EXPIRED if over else None
    assert redemption.refusal(state, request, limits) is expected


KEYED = dataclasses.replace(LIMITS, rejoin_grace_s=10)
REJOINABLE = opened(SERIAL, leases=(NOW + 1,), admitted=1)


@pytest.mark.parametrize(
    ('changes', 'type_', 'client', 'expected'),
    [
        ({}, 'serial', 'a', None),
        ({}, 'novnc', 'a', RefusalReason.WRONG_TYPE),
        ({}, 'serial', 'b', RefusalReason.OTHER_CLIENT),
        ({'revoked': True}, 'serial', 'a', RefusalReason.REVOKED),
        ({'session_id': None}, 'serial', 'a', RefusalReason.UNKNOWN),
        # The token's expiry does not matter.
        ({'expires': 1}, 'serial', 'a', None),
        # After a closed socket, and after one whose proxy died.
        ({'leases': (), 'closed': NOW - 9}, 'serial', 'a', None),
        ({'leases': (), 'closed': NOW - 10}, 'serial', 'a', RefusalReason.EXPIRED),
        ({'leases': (NOW - 9,), 'closed': 1}, 'serial', 'a', None),
        ({'leases': (NOW - 10,), 'closed': 1}, 'serial', 'a', RefusalReason.EXPIRED),
        # The gaps of a session do not matter, but how often it was opened.
        ({'gaps_s': 1000}, 'serial', 'a', None),
        ({'admitted': redemption.MAX_REJOINS}, 'serial', 'a', None),
        (
            {'admitted': redemption.MAX_REJOINS + 1},
            'serial',
            'a',
            RefusalReason.TOO_MANY_JOINS,
        ),
    ],
)
def test_refusals_of_keys(changes, type_, client, expected):
    state = dataclasses.replace(REJOINABLE, **changes)
    attempt = Attempt(type_, client, NOW)
    assert redemption.rejoin_refusal(state, attempt, KEYED) is expected
    if expected is None:
        assert redemption.rejoin_refusal(state, attempt, LIMITS)


def test_a_key_has_the_end_of_its_session():
    ending = dataclasses.replace(KEYED, longest_s=100)
    attempt = Attempt('serial', 'a', NOW)
    for opened_at, expected in ((NOW - 99, None), (NOW - 100, RefusalReason.EXPIRED)):
        state = dataclasses.replace(REJOINABLE, opened=opened_at)
        assert redemption.rejoin_refusal(state, attempt, ending) is expected


@pytest.mark.parametrize(
    ('state', 'limits', 'expected'),
    [
        (SERIAL, KEYED, True),
        (State('novnc', NOW), KEYED, True),
        (SPICE, KEYED, False),
        (State('later', NOW), KEYED, False),
        (SERIAL, LIMITS, False),
    ],
)
def test_which_sessions_have_a_key(state, limits, expected):
    assert redemption.has_rejoin_key(state, limits) is expected


TIMES = st.floats(0, 2000)
STATES = st.builds(
    State,
    console_type=st.sampled_from(['serial', 'spice-html5']),
    expires=TIMES,
    revoked=st.booleans(),
    session_id=st.sampled_from([None, 's']),
    client_address=st.sampled_from(['a', 'b']),
    closed=st.none() | TIMES,
    leases=st.lists(TIMES, max_size=5).map(tuple),
    opened=TIMES,
    admitted=st.integers(0, 12),
    gaps_s=st.floats(0, 200),
)
LIMITS_OF_ALL_KINDS = st.builds(
    SessionLimits,
    max_sockets=st.just(3),
    max_joins=st.just(9),
    join_grace_s=st.sampled_from([0, 10]),
    longest_s=st.sampled_from([0, 500]),
    enforce_expiry=st.booleans(),
    rejoin_grace_s=st.sampled_from([0, 10]),
)
REQUESTS = st.builds(
    Attempt,
    console_type=st.sampled_from(['serial', 'spice-html5']),
    client_address=st.sampled_from(['a', 'b']),
    now=TIMES,
)


@given(STATES, REQUESTS, LIMITS_OF_ALL_KINDS)
def test_what_is_let_in_is_let_in_for_a_reason(state, request_, limits):
    if redemption.refusal(state, request_, limits) is not None:
        return
    assert not state.revoked
    assert state.console_type == request_.console_type
    if state.session_id is None:
        assert request_.now < state.expires
    else:
        assert state.console_type == 'spice-html5'
        assert state.client_address == request_.client_address
        assert sum(lease > request_.now for lease in state.leases) < 3
        assert state.admitted < 9
        assert not limits.longest_s or request_.now < state.opened + limits.longest_s
        assert not limits.enforce_expiry or request_.now < state.expires


@given(STATES, REQUESTS, LIMITS_OF_ALL_KINDS, st.floats(0, 1000))
def test_what_is_over_stays_over(state, request_, limits, later_s):
    """Time alone never makes a token valid again."""
    final = {RefusalReason.EXPIRED, RefusalReason.USED, RefusalReason.REVOKED}
    if redemption.refusal(state, request_, limits) in final:
        later = dataclasses.replace(request_, now=request_.now + later_s)
        assert redemption.refusal(state, later, limits) in final


@given(STATES, REQUESTS, LIMITS_OF_ALL_KINDS)
def test_what_is_opened_again_is_opened_for_a_reason(state, request_, limits):
    if redemption.rejoin_refusal(state, request_, limits) is not None:
        return
    assert not state.revoked
    assert state.session_id is not None
    assert state.console_type == request_.console_type
    assert state.client_address == request_.client_address
    assert request_.now < state.last_open + limits.rejoin_grace_s
    assert not limits.longest_s or request_.now < state.opened + limits.longest_s
    assert not limits.enforce_expiry or request_.now < state.expires


@given(STATES, REQUESTS, LIMITS_OF_ALL_KINDS, st.floats(0, 1000))
def test_a_key_that_has_expired_stays_so(state, request_, limits, later_s):
    final = {RefusalReason.EXPIRED, RefusalReason.REVOKED}
    if redemption.rejoin_refusal(state, request_, limits) in final:
        later = dataclasses.replace(request_, now=request_.now + later_s)
        assert redemption.rejoin_refusal(state, later, limits) in final


@pytest.mark.parametrize(
    ('given_', 'expected'),
    [
        ('192.0.2.1', '192.0.2.1'),
        ('::ffff:192.0.2.1', '192.0.2.1'),
        ('::FFFF:C000:0201', '192.0.2.1'),
        ('2001:DB8:0::1', '2001:db8::1'),
        ('fe80::1%eth0', 'fe80::1%eth0'),
        ('', ''),
        ('a socket', 'a socket'),
    ],
)
def test_one_spelling_for_an_address(given_, expected):
    assert redemption.canonical(given_) == expected


@given(st.text() | st.text(min_size=300).map('fe80::1%'.__add__))
def test_an_address_has_a_bound(text):
    assert len(redemption.canonical(text)) <= redemption.MAX_ADDRESS


def test_limits_come_from_the_configuration():
    conf = config.load([])
    assert SessionLimits.of(conf) == SessionLimits(
        max_sockets=16, max_joins=500, join_grace_s=10, rejoin_grace_s=60
    )
    conf.set_override('max_session_time', 3600, group='console_proxy')
    conf.set_override('enforce_session_timeout', True, group='consoleauth')
    assert SessionLimits.of(conf) == SessionLimits(
        16, 500, 10, longest_s=3600, enforce_expiry=True, rejoin_grace_s=60
    )
