# SPDX-License-Identifier: Apache-2.0
"""The driver that an option names."""

import pytest

from console_ext import exceptions
from console_ext.compute import base
from console_ext.compute.inventory import InventoryDriver


def test_configured_driver(deployment):
    """The default one reads the inventory."""
    assert isinstance(base.load(deployment.conf()), InventoryDriver)


def test_unknown_name(deployment):
    """The option, the name, and where it was looked for."""
    deployment.configure(console_rpc={'driver': 'xen'})
    with pytest.raises(exceptions.ConfigurationError) as caught:
        base.load(deployment.conf())
    assert str(caught.value) == (
        '[console_rpc] driver = xen: nothing of that name is installed in '
        'console_ext.compute.drivers'
    )


@pytest.mark.parametrize('missing', ['serial', 'spice'])
def test_driver_has_to_know_both_consoles(missing):
    """If only to say that it has none."""
    methods = {'__init__': lambda self, conf: None, 'serial': id, 'spice': id}
    del methods[missing]
    with pytest.raises(TypeError, match=missing):
        type('Half', (base.Driver,), methods)(None)
