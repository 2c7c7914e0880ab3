# SPDX-License-Identifier: Apache-2.0
"""How many sessions there may be."""

from __future__ import annotations

import pytest

from console_ext import exceptions
from console_ext.proxy.admission.limits import Limits, Place, client_key


def test_a_cap_is_for_each_key():
    """N, and not one more; another key has its own N."""
    limits = Limits({'server': 2})
    for _ in range(2):
        Place(limits).take('server', 'a')
    with pytest.raises(exceptions.TooManySessions, match='server'):
        Place(limits).take('server', 'a')
    Place(limits).take('server', 'b')


def test_no_cap():
    """0 is any number."""
    limits = Limits({'proxy': 0})
    for _ in range(100):
        Place(limits).take('proxy')


def test_leaving_gives_everything_back():
    """Also where the last taking failed; twice is as once; nothing is kept."""
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
    """An IPv4 address, and an IPv6 network."""
    assert client_key(address) == key
