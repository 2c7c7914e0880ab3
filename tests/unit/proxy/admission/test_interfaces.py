# SPDX-License-Identifier: Apache-2.0
"""The interfaces that the proxy uses."""

from __future__ import annotations

import inspect

import pytest

from console_ext.proxy.admission import interfaces
from console_ext.rpc.client import ComputeClient
from console_ext.store.store import Store
from tests.parts.peers import Computes
from tests.parts.stores.faulty import FaultyStore


def parameters(method) -> list[str]:
    """Return the required parameters."""
    found = inspect.signature(method).parameters.values()
    return [one.name for one in found if one.default is one.empty]


@pytest.mark.parametrize('client', [ComputeClient, Computes])
def test_compute_clients(client):
    """The real client and that of the tests have the same parameters."""
    asked = interfaces.PortCheck.validate_console_port
    assert parameters(client.validate_console_port) == parameters(asked)


@pytest.mark.parametrize('store', [Store, FaultyStore])
@pytest.mark.parametrize(
    'name', ['redeem', 'rejoin', 'withdraw', 'release', 'keep', 'purge']
)
def test_stores(store, name):
    """So have the real store and the one with faults."""
    asked = getattr(interfaces.Store, name)
    assert parameters(getattr(store, name)) == parameters(asked)
