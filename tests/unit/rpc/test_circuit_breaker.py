# SPDX-License-Identifier: Apache-2.0
"""A circuit breaker: calls to a peer that does not answer fail at once."""

import contextlib
import threading

import pytest

from console_ext.rpc.circuit_breaker import CircuitBreaker, Refused


@pytest.fixture
def probes():
    return threading.BoundedSemaphore(2)


@pytest.fixture
def circuit(probes):
    return CircuitBreaker(probes)


def allows(circuit) -> bool:
    with contextlib.suppress(Refused), circuit.call():
        return True
    return False


def test_closed(circuit):
    """Any number of calls is allowed."""
    with circuit.call(), circuit.call(), circuit.call():
        circuit.answered()
        assert not circuit.refuses()
        assert allows(circuit)


@pytest.mark.parametrize('answers', [False, True])
def test_half_open(circuit, answers):
    """One call at a time tests whether the peer answers again."""
    with circuit.call():
        circuit.unanswered()
    assert not circuit.refuses()
    with circuit.call():
        assert circuit.refuses()
        assert not allows(circuit)
        if answers:
            circuit.answered()
        else:
            circuit.unanswered()
        assert circuit.refuses() is not answers
        assert allows(circuit) is answers
    assert not circuit.refuses()
    with circuit.call():
        assert allows(circuit) is answers


def test_a_probe_that_says_nothing(circuit):
    """The next call becomes the probe, also after an exception."""
    circuit.unanswered()
    with pytest.raises(OSError, match='broken'), circuit.call():
        raise OSError('broken')
    with circuit.call():
        assert not allows(circuit)


def test_an_older_call_ends_during_a_probe(circuit):
    """It does not let a second probe in."""
    with contextlib.ExitStack() as older:
        older.enter_context(circuit.call())
        circuit.unanswered()
        with circuit.call():
            older.close()
            assert not allows(circuit)


def test_peers_share_a_limit_of_probes(circuit, probes):
    """Further half-open circuits refuse; closed ones allow every call."""
    others = [CircuitBreaker(probes) for _ in range(2)]
    for one in (circuit, *others):
        one.unanswered()
    with circuit.call(), others[0].call():
        assert not allows(others[1])
        assert allows(CircuitBreaker(probes))
    assert allows(others[1])
