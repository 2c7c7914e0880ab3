# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker: calls to a peer that does not answer fail at once."""

import pytest

from console_ext.rpc.circuit_breaker import CircuitBreaker


@pytest.fixture
def circuit():
    return CircuitBreaker()


def test_closed(circuit):
    """Any number of calls is allowed."""
    assert not circuit.refuses()
    assert circuit.enter()
    assert circuit.enter()
    circuit.answered()
    assert not circuit.refuses()
    assert circuit.enter()
    assert circuit.enter()


@pytest.mark.parametrize('answers', [False, True])
def test_half_open(circuit, answers):
    """One call at a time tests whether the peer answers again."""
    assert circuit.enter()
    circuit.unanswered()
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
        assert not circuit.refuses()
        assert circuit.enter()
        assert not circuit.enter()


def test_probe_that_says_nothing(circuit):
    """The next call becomes the probe."""
    circuit.unanswered()
    assert circuit.enter()
    circuit.inconclusive()
    assert circuit.enter()
    assert not circuit.enter()
