# SPDX-License-Identifier: Apache-2.0
"""Loading the look-up that an option names."""

import pytest

from console_ext import exceptions
from console_ext.servers import base
from console_ext.servers.inventory import InventoryLookUp


def test_configured_look_up(deployment):
    """The default look-up reads the inventory."""
    assert isinstance(base.load(deployment.conf(), None), InventoryLookUp)


def test_unknown_name(deployment):
    """The error has the option, the name, and where it was looked for."""
    deployment.configure(api={'servers': 'nowhere'})
    with pytest.raises(exceptions.ConfigurationError) as caught:
        base.load(deployment.conf(), None)
    assert str(caught.value) == (
        '[api] servers = nowhere: no installed package has this entry point in '
        'console_ext.servers'
    )


def test_look_up_that_does_not_start(deployment):
    """Its own error is raised."""
    deployment.inventory_file.unlink()
    with pytest.raises(exceptions.InventoryError):
        base.load(deployment.conf(), None)


def test_look_up_has_to_find():
    """A plugin without ``get`` cannot be instantiated."""

    class Half(base.LookUp):
        def __init__(self, conf, application):
            pass

    with pytest.raises(TypeError, match='get'):
        Half(None, None)


def test_what_is_not_known_of_a_server():
    """Other sources may know less about a server than Nova."""
    server = base.Server('i', 'n', 'p', 'u', None, None, None)
    assert (server.power_state, server.locked, server.database_id) == (
        None,
        False,
        None,
    )


def test_bus_is_not_shown():
    """The repr has no bus URL, because that contains a password."""
    server = base.Server(
        'i', 'n', 'p', 'u', None, None, None, bus_url='rabbit://u:secret@h/'
    )
    assert 'secret' not in repr(server)
