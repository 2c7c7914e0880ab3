# SPDX-License-Identifier: Apache-2.0
"""Loading the driver that an option names."""

import pytest

from console_ext import exceptions
from console_ext.compute import base
from console_ext.compute.inventory import InventoryDriver


def test_configured_driver(deployment):
    """The default driver reads the inventory."""
    assert isinstance(base.load(deployment.conf()), InventoryDriver)


def test_unknown_name(deployment):
    """The error has the option, the name, and where it was looked for."""
    deployment.configure(console_rpc={'driver': 'xen'})
    with pytest.raises(exceptions.ConfigurationError) as caught:
        base.load(deployment.conf())
    assert str(caught.value) == (
        '[console_rpc] driver = xen: no installed package has this entry point in '
        'console_ext.compute.drivers'
    )


def test_driver_has_to_know_where_consoles_are():
    """A driver for an earlier release of the plugin interface is refused."""
    methods = {'__init__': lambda self, conf: None, 'serial': id, 'spice': id}
    with pytest.raises(TypeError, match='endpoint'):
        type('Earlier', (base.Driver,), methods)(None)
