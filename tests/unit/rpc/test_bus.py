# SPDX-License-Identifier: Apache-2.0
"""The buses a client speaks on."""

import math
import socket
import time

import oslo_messaging
import pytest

from console_ext.rpc.bus import Bus, Buses


@pytest.fixture
def conf(deployment):
    return deployment.conf()


def test_one_bus_for_each_url(conf):
    """Asked for again, it is the same, and knows what it knew."""
    many = Buses(conf)
    assert many.get(None) is many.get(None)
    assert many.get('fake:/') is many.get('fake:/')
    assert many.get('fake:/') is not many.get(None)
    many.close()


def test_connected_once(conf):
    """And anew after it was closed."""
    bus = Bus(conf, 'fake:/')
    first = bus.connect()
    assert bus.connect() is first
    bus.close()
    bus.close()
    assert bus.connect() is not first
    bus.close()


def test_number_of_buses_is_bounded(conf, monkeypatch):
    """The one that was not used for longest is closed."""
    closed = []
    monkeypatch.setattr(Buses, 'MOST', 2)
    monkeypatch.setattr(Bus, 'close', lambda bus: closed.append(bus))
    many = Buses(conf)
    first, second = many.get('fake://1/'), many.get('fake://2/')
    many.get('fake://1/')
    third = many.get('fake://3/')
    assert closed == [second]
    assert many.get('fake://1/') is first
    many.close()
    assert set(closed) == {first, second, third}


def test_broker_that_is_away(conf):
    """Each bus has its own broker; a closed port is noticed before a call."""
    with socket.socket() as held:
        held.bind(('127.0.0.1', 0))
        bus = Bus(conf, f'rabbit://u:p@127.0.0.1:{held.getsockname()[1]}/')
        assert not bus.listens(time.monotonic() + 5)
    assert Bus(conf, None).listens(time.monotonic() + 5)


def test_url_that_is_none(conf):
    """A cell may be mapped with anything."""
    with pytest.raises(oslo_messaging.InvalidTransportURL):
        Bus(conf, 'none').listens(time.monotonic() + 5)


def test_what_is_known(conf):
    """An answer ends the doubt, a failure brings it back; hosts are remembered."""
    bus = Bus(conf, None)
    assert bus.last_failure == -math.inf
    assert not bus.is_well()
    bus.connect()
    assert not bus.is_well()
    bus.answered('compute-1')
    assert bus.is_well()
    bus.failed()
    assert not bus.is_well()
    assert time.monotonic() - bus.last_failure < 5
    assert bus.knows('compute-1')
    assert not bus.knows('compute-2')
    bus.close()


def test_hosts_that_are_known_are_bounded(conf, monkeypatch):
    """Names come from a database, and any number of them."""
    monkeypatch.setattr(Bus, 'MAX_KNOWN_HOSTS', 1)
    bus = Bus(conf, None)
    bus.answered('a')
    bus.answered('b')
    assert bus.knows('a')
    assert not bus.knows('b')
