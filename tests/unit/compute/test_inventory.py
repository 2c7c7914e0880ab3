# SPDX-License-Identifier: Apache-2.0
"""The driver that reads the inventory file."""

import pytest

from console_ext import exceptions
from console_ext.compute.inventory import InventoryDriver
from console_ext.consoles import NOVNC, SERIAL, SPICE_HTML5, TYPES, Endpoint
from tests.parts.deployment import server, server_id

HERE = server_id('01')


@pytest.fixture
def driver_of(deployment):
    """Return the driver of compute-1 with one server, changed by keyword arguments."""

    def make(**changes):
        deployment.write_inventory([server('01', **changes)])
        return InventoryDriver(deployment.conf())

    return make


def test_endpoints(driver_of):
    """The endpoints of the consoles."""
    driver = driver_of(
        consoles={
            'serial': {'host': '::1', 'port': 10001},
            'spice': {'host': 'h', 'port': 5901, 'tls_port': 5902},
            'vnc': {'host': 'h', 'port': 5900},
        }
    )
    assert driver.endpoint(HERE, SERIAL) == Endpoint('::1', 10001)
    assert driver.endpoint(HERE, SPICE_HTML5) == Endpoint('h', 5901, 5902)
    assert driver.endpoint(HERE, NOVNC) == Endpoint('h', 5900)


@pytest.mark.parametrize('console_type', TYPES, ids=lambda one: one.type)
@pytest.mark.parametrize('host', ['compute-2', 'COMPUTE-1', None])
def test_server_on_another_host(driver_of, host, console_type):
    """The server is on another host, on none, or unknown."""
    driver = driver_of(host=host)
    for wanted in (HERE, server_id('ff')):
        with pytest.raises(exceptions.ServerNotFound) as caught:
            driver.endpoint(wanted, console_type)
        assert caught.value.server_id == wanted


@pytest.mark.parametrize(
    'vm_state',
    ['stopped', 'suspended', 'shelved', 'shelved_offloaded', 'soft-delete', 'deleted'],
)
def test_stopped_server_without_a_power_state(driver_of, vm_state):
    """Nothing says that it runs, so its port may belong to another server."""
    with pytest.raises(exceptions.ServerNotReady):
        driver_of(vm_state=vm_state).endpoint(HERE, SERIAL)


@pytest.mark.parametrize('console_type', TYPES, ids=lambda one: one.type)
@pytest.mark.parametrize(
    ('power_state', 'ready'),
    [(0, 0), (1, 1), (2, 0), (3, 1), (4, 0), (5, 0), (6, 0), (7, 0)],
)
def test_power_states(driver_of, power_state, ready, console_type):
    """Only while a server runs or is paused, its port belongs to it for certain."""
    console = {console_type.protocol: {'host': 'h', 'port': 1}}
    driver = driver_of(power_state=power_state, consoles=console)
    if ready:
        assert driver.endpoint(HERE, console_type)
    else:
        with pytest.raises(exceptions.ServerNotReady):
            driver.endpoint(HERE, console_type)


@pytest.mark.parametrize('console_type', TYPES, ids=lambda one: one.type)
def test_console_that_a_server_does_not_have(driver_of, console_type):
    """Only the protocols in the file have consoles."""
    others = [one for one in TYPES if one.protocol != console_type.protocol]
    driver = driver_of(
        consoles={one.protocol: {'host': 'h', 'port': 1} for one in others}
    )
    for other in others:
        assert driver.endpoint(HERE, other) == Endpoint('h', 1)
    with pytest.raises(exceptions.ConsoleTypeUnavailable) as caught:
        driver.endpoint(HERE, console_type)
    assert caught.value.console_type == console_type.type


def test_not_running_comes_before_no_console(driver_of):
    """A temporary error is reported before a permanent one."""
    driver = driver_of(consoles={}, power_state=4)
    with pytest.raises(exceptions.ServerNotReady):
        driver.endpoint(HERE, SERIAL)
