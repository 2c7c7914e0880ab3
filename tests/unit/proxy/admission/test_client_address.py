# SPDX-License-Identifier: Apache-2.0
"""The client's address of a request, behind reverse proxies."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console_ext.proxy.admission.client_address import client_address
from console_ext.proxy.networks import Networks

TRUSTED = Networks(['10.0.0.0/8', '::1', '192.0.2.1'], 'option')


@pytest.mark.parametrize(
    ('peer', 'headers', 'client'),
    [
        # Only headers of trusted proxies count.
        ('203.0.113.1', ['10.9.9.9'], '203.0.113.1'),
        ('10.0.0.1', [], '10.0.0.1'),
        ('10.0.0.1', ['203.0.113.1'], '203.0.113.1'),
        # From the right to the first address that is not a trusted proxy.
        ('10.0.0.1', ['6.6.6.6, 203.0.113.1'], '203.0.113.1'),
        ('10.0.0.1', ['6.6.6.6, 203.0.113.1, 192.0.2.1'], '203.0.113.1'),
        ('10.0.0.1', ['6.6.6.6', '203.0.113.1,10.1.1.1'], '203.0.113.1'),
        ('10.0.0.1', ['10.0.0.3, 10.0.0.2'], '10.0.0.3'),
        # Invalid addresses end the chain.
        ('10.0.0.1', ['203.0.113.1, unknown'], '10.0.0.1'),
        ('10.0.0.1', ['203.0.113.1, unknown, 10.0.0.2'], '10.0.0.2'),
        ('10.0.0.1', [''], '10.0.0.1'),
        # With ports or brackets; each address has one form.
        ('10.0.0.1', ['203.0.113.1:4711'], '203.0.113.1'),
        ('::1', ['[2001:db8::1]:4711'], '2001:db8::1'),
        ('::1', ['2001:DB8:0::1'], '2001:db8::1'),
        ('::ffff:10.0.0.1', ['203.0.113.1'], '203.0.113.1'),
        ('::ffff:203.0.113.1', [], '203.0.113.1'),
        ('10.0.0.1', [', '.join(['10.0.0.2'] * 1000)], '10.0.0.2'),
        ('nonsense', ['203.0.113.1'], 'nonsense'),
    ],
)
def test_client_address(peer, headers, client):
    """The address of the connection, or the one that trusted proxies report."""
    assert client_address(peer, headers, TRUSTED) == client


@given(st.lists(st.text()))
def test_any_header(headers):
    """For any header, the result is an address."""
    ipaddress.ip_address(client_address('10.0.0.1', headers, TRUSTED))
