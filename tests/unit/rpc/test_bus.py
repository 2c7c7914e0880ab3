# SPDX-License-Identifier: Apache-2.0
"""The message buses of a client."""

import math
import os
import socket
import threading
import time

import oslo_messaging
import pytest

from console_ext import exceptions
from console_ext.rpc import transport
from console_ext.rpc.bus import Bus, Buses
from console_ext.rpc.circuit_breaker import Refused


@pytest.fixture
def conf(deployment):
    return deployment.conf()


def test_one_bus_for_each_url(conf):
    """A second request returns the same bus, with its state."""
    many = Buses(conf)
    assert many.get(None) is many.get(None)
    assert many.get('fake:/') is many.get('fake:/')
    assert many.get('fake:/') is not many.get(None)
    many.close()


def test_connected_once(conf):
    """It connects once, and again after it was closed."""
    bus = Bus(conf, 'fake:/')
    first = bus.connect()
    assert bus.connect() is first
    bus.close()
    bus.close()
    assert bus.connect() is not first
    bus.close()


def test_number_of_buses_is_bounded(conf, monkeypatch):
    """Above the limit, the bus that was unused for longest is closed."""
    closed = []
    monkeypatch.setattr(Buses, 'MAX_BUSES', 2)
    monkeypatch.setattr(Bus, 'disown', lambda bus: closed.append(bus) or [])
    many = Buses(conf)
    first, second = many.get('fake://1/'), many.get('fake://2/')
    many.get('fake://1/')
    third = many.get('fake://3/')
    assert closed == [second]
    assert many.get('fake://1/') is first
    many.close()
    assert set(closed) == {first, second, third}


def test_broker_that_is_away(conf):
    """Each bus has its own broker; a closed port is detected before a call."""
    with socket.socket() as held:
        held.bind(('127.0.0.1', 0))
        bus = Bus(conf, f'rabbit://u:p@127.0.0.1:{held.getsockname()[1]}/')
        with pytest.raises(exceptions.BusUnreachable):
            bus.probe(time.monotonic() + 5)
        assert bus.has_failed_since(0)
    Bus(conf, None).probe(time.monotonic() + 5)


@pytest.mark.wall_clock
def test_broker_that_is_silent(conf, monkeypatch):
    """One thread waits for the broker; other and later calls fail at once."""
    with socket.create_server(('127.0.0.1', 0)) as silent:
        bus = Bus(conf, f'rabbit://u:p@127.0.0.1:{silent.getsockname()[1]}/')
        # Calls fail at once for as long again.
        monkeypatch.setattr(transport, '_CONNECT_TIMEOUT_S', 3)
        started = time.monotonic()
        refused = []

        def ask():
            with pytest.raises(exceptions.BusUnreachable):
                bus.probe(time.monotonic() + 3)
            refused.append(1)

        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - started
        assert len(refused) == 20
        # One after the other, they would take 60 s.
        assert 3 <= took < 30
        with pytest.raises(exceptions.BusUnreachable):
            bus.submit('compute-1', lambda: 7)
        silent.setblocking(False)
        assert silent.accept()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_invalid_url(conf):
    """A cell's mapping may contain any text."""
    with pytest.raises(oslo_messaging.InvalidTransportURL):
        Bus(conf, 'none').probe(time.monotonic() + 5)


def test_state_of_a_bus(conf):
    """An answer marks the bus as working, a failure as doubtful; hosts stay known."""
    bus = Bus(conf, None)
    assert bus.last_failure == -math.inf
    assert not bus.is_well()
    bus.connect()
    assert not bus.is_well()
    bus.answered(bus.host('compute-1'))
    assert bus.is_well()
    before = time.monotonic()
    bus.failed()
    assert not bus.is_well()
    assert bus.last_failure >= before
    assert bus.host('compute-1').has_answered
    assert not bus.host('compute-2').has_answered
    bus.close()


def test_call_that_is_stuck(conf, monkeypatch):
    """A call that exceeds its time makes the bus doubtful."""
    bus = Bus(conf, None)
    bus.connect()
    bus.answered(bus.host('compute-1'))
    now = time.monotonic()
    monkeypatch.setattr(Bus, 'MARGIN_S', -60)
    with bus.calling(now + 90):
        assert bus.is_well()
        with bus.calling(now + 30):
            assert not bus.is_well()
        assert bus.is_well()
        # Another call was answered after this one should have ended.
        with bus.calling(now - 1):
            assert bus.is_well()
    bus.close()


def test_host_that_is_silent_while_others_answer(conf):
    """The bus is doubtful only if no host has answered meanwhile."""
    bus = Bus(conf, None)
    bus.connect()
    silent = bus.host('silent')
    started = time.monotonic()
    bus.answered(bus.host('compute-1'))
    bus.unanswered('silent', silent, started)
    assert bus.is_well()
    bus.unanswered('silent', silent, time.monotonic())
    assert not bus.is_well()
    bus.close()


def test_call_while_the_bus_connects(conf, monkeypatch):
    """It begins at once: an event loop must not wait until a driver is loaded."""
    loading, loaded = threading.Event(), threading.Event()
    connect = transport.connect

    def slow(*args):
        loading.set()
        loaded.wait(60)
        return connect(*args)

    monkeypatch.setattr(transport, 'connect', slow)
    bus = Bus(conf, 'fake:/')
    first = bus.submit('first', bus.connect)
    assert loading.wait(30)
    assert bus.submit('second', lambda: 'answer').result(30) == 'answer'
    assert not first.done()
    loaded.set()
    assert first.result(30) is bus.connect()
    bus.close()


def test_hosts_that_are_known_are_bounded(conf, monkeypatch):
    """Names come from a database, so their number is limited."""
    monkeypatch.setattr(Bus, 'MAX_HOSTS', 2)
    bus = Bus(conf, None)
    first = bus.host('a')
    bus.host('b')
    assert bus.host('a') is first
    bus.host('c')
    assert bus.host('a') is first
    bus.host('d')
    bus.host('e')
    assert bus.host('a') is not first


def test_host_that_has_just_not_answered(conf):
    """Waiting calls end; new ones are refused while one call probes the host."""
    bus = Bus(conf, None)
    begun, ended = threading.Semaphore(0), threading.Event()

    def call():
        begun.release()
        return ended.wait(60)

    calls = [bus.submit('silent', call) for _ in range(50)]
    assert begun.acquire(timeout=30)
    bus.unanswered('silent', bus.host('silent'), time.monotonic())
    with (
        bus.host('silent').circuit.call(),
        pytest.raises(exceptions.HostUnreachable),
    ):
        bus.submit('silent', call)
    ended.set()
    outcomes = [one.exception(30) for one in calls]
    failed = [one for one in outcomes if one is not None]
    assert {type(one) for one in failed} == {exceptions.HostUnreachable}
    assert len(failed) == 50 - conf.console_rpc.max_calls_per_host
    assert bus.submit('well', lambda: 7).result(30) == 7
    bus.close()


def test_hosts_that_do_not_answer_leave_threads_for_others(deployment):
    """Probes of however many hosts take at most half of the threads."""
    conf = deployment.configure(console_rpc={'max_concurrent_calls': 4}).conf()
    bus = Bus(conf, None)
    silent = [bus.host(f'silent-{number}').circuit for number in range(3)]
    for one in silent:
        one.unanswered()
    with silent[0].call(), silent[1].call():
        with pytest.raises(Refused), silent[2].call():
            pass
        with bus.host('well').circuit.call():
            pass
    bus.close()


def test_a_fork_during_a_probe(conf):
    """The child knows nothing of its parent's calls, and may call the host."""
    bus = Bus(conf, None)
    bus.host('silent').circuit.unanswered()
    with bus.host('silent').circuit.call():
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = int(bus.submit('silent', lambda: 0).result(30))
            finally:
                os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    bus.close()
