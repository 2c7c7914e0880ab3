# SPDX-License-Identifier: Apache-2.0
"""Networks in options, and the canonical form of addresses."""

from __future__ import annotations

import pytest

from console_ext import exceptions
from console_ext.proxy import networks
from console_ext.proxy.networks import Networks


@pytest.mark.parametrize(
    ('text', 'form'),
    [
        ('10.0.0.1', '10.0.0.1'),
        ('::ffff:10.0.0.1', '10.0.0.1'),
        ('2001:DB8:0::1', '2001:db8::1'),
        ('nonsense', None),
    ],
)
def test_address(text, form):
    """An address has one canonical form; other texts give None."""
    found = networks.address(text)
    assert (None if found is None else str(found)) == form


def test_invalid_network():
    """The error names the option."""
    with pytest.raises(exceptions.ConfigurationError, match='the option'):
        Networks(['10.0.0.1/8'], 'the option')
