# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker: calls to a peer that does not answer fail at once."""

import pytest

from console_ext.rpc.circuit_breaker import CircuitBreaker


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def circuit(clock):
    return CircuitBreaker(2.0, clock)


def test_closed(circuit):
    """Any number of calls go through."""
    assert not circuit.refuses()
    assert circuit.enter()
    assert circuit.enter()
    circuit.answered()
    assert circuit.is_closed


def test_open(circuit, clock):
    """After a call that was not answered, calls are refused for a while."""
    assert circuit.enter()
    circuit.unanswered()
    clock.now += 1.9
    assert circuit.refuses()
    assert not circuit.enter()
    assert not circuit.is_closed


@pytest.mark.parametrize('answers', [False, True])
def test_half_open(circuit, clock, answers):
    """Then one call at a time finds out whether the peer answers again."""
    circuit.unanswered()
    clock.now += 2
    assert not circuit.refuses()
    assert circuit.enter()
    assert circuit.refuses()
    assert not circuit.enter()
    if answers:
        circuit.answered()
        assert circuit.enter()
        assert circuit.enter()
    else:
        circuit.unanswered()
        clock.now += 1.9
        assert not circuit.enter()
        clock.now += 0.1
        assert circuit.enter()


def test_probe_that_says_nothing(circuit, clock):
    """The next call is the probe then."""
    circuit.unanswered()
    clock.now += 2
    assert circuit.enter()
    circuit.inconclusive()
    assert circuit.enter()
    assert not circuit.enter()
