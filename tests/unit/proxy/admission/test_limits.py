# SPDX-License-Identifier: Apache-2.0
"""Limits of the number of sessions."""

from __future__ import annotations

import pytest

from console_ext import exceptions
from console_ext.proxy.admission.limits import Limits, Place, client_key


def test_limit_of_each_key():
    """Each key has the limit N."""
    limits = Limits({'server': 2})
    for _ in range(2):
        Place(limits).take('server', 'a')
    with pytest.raises(exceptions.TooManySessions, match='server'):
        Place(limits).take('server', 'a')
    Place(limits).take('server', 'b')


def test_no_limit():
    """0 means no limit."""
    limits = Limits({'proxy': 0})
    for _ in range(100):
        Place(limits).take('proxy')


def test_leaving_gives_everything_back():
    """Also if taking a place failed; leaving twice has no effect."""
    limits = Limits({'proxy': 2, 'client': 1})
    first, second = Place(limits), Place(limits)
    first.take('proxy')
    first.take('client', 'a')
    second.take('proxy')
    with pytest.raises(exceptions.TooManySessions):
        second.take('client', 'a')
    second.leave()
    first.leave()
    first.leave()
    assert len(limits) == 0


@pytest.mark.parametrize(
    ('address', 'key'),
    [
        ('192.0.2.1', '192.0.2.1'),
        ('2001:db8:1:2::1', '2001:db8:1:2::/64'),
        ('2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'),
        ('2001:db8:1:3::1', '2001:db8:1:3::/64'),
        ('fe80::1%eth0', 'fe80::/64'),
        ('unix:', 'unix:'),
    ],
)
def test_client_key(address, key):
    """An IPv4 address, or an IPv6 network."""
    assert client_key(address) == key


def test_a_place_is_left_in_two_steps():
    """Each of its entries is given back once."""
    limits = Limits({'proxy': 1, 'client': 1})
    place = Place(limits)
    place.take('proxy')
    place.take('client', 'a')
    for _ in range(2):
        place.leave_all_but('proxy')
        Place(limits).take('client', 'b')
        limits.give_back('client', 'b')
        with pytest.raises(exceptions.TooManySessions):
            Place(limits).take('proxy')
    place.leave()
    assert len(limits) == 0
