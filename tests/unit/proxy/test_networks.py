# SPDX-License-Identifier: Apache-2.0
"""Networks that an option names, and addresses in one form."""

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
    """An address has one form; what is no address is None."""
    found = networks.address(text)
    assert (None if found is None else str(found)) == form


def test_a_network_that_is_none():
    """The option is named."""
    with pytest.raises(exceptions.ConfigurationError, match='the option'):
        Networks(['10.0.0.1/8'], 'the option')
