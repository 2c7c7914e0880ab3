# SPDX-License-Identifier: Apache-2.0
"""Starting, running and stopping a program."""

import contextlib
import os
import signal
import threading
import time

import pytest

from console_ext.cmd.lifecycle import Service, run
from console_ext.signals import Signals

# Longer than any test.
LONG_S = 600


class Notifier:
    """Records notifications of systemd among the calls of the service."""

    def __init__(self, calls):
        self._calls = calls

    def ready(self):
        self._calls.append('READY')

    @contextlib.contextmanager
    def reloading(self):
        self._calls.append('RELOADING')
        yield
        self._calls.append('READY')

    def stopping(self, stop_s):
        self._calls.append(f'STOPPING {stop_s}')


class Parts:
    """A service that records its calls, and may hang, fail or send signals."""

    def __init__(self, stop_s=LONG_S, **acts):
        self.calls = []
        self.service = Service(
            stop_s=stop_s,
            **{
                name: lambda name=name: self._call(name, acts.get(name))
                for name in ('start', 'stop', 'reload', 'check', 'hasten')
            },
        )

    def _call(self, name, act):
        if name != 'check':
            self.calls.append(name)
        if act is not None:
            act()


@pytest.fixture
def signals():
    with Signals() as taken:
        yield taken


@pytest.fixture
def hang():
    """Wait until the test is over."""
    over = threading.Event()
    yield lambda: over.wait(LONG_S)
    over.set()


def send(*numbers):
    for number in numbers:
        os.kill(os.getpid(), number)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_start_and_stop(signals, number):
    parts = Parts(start=lambda: send(signal.SIGHUP), reload=lambda: send(number))
    run(parts.service, signals)
    assert parts.calls == ['start', 'reload', 'stop']


def test_notifications(signals):
    """systemd is notified after the start and before the stop."""
    numbers = [signal.SIGHUP]
    parts = Parts(
        check=lambda: numbers and send(numbers.pop()),
        reload=lambda: send(signal.SIGTERM),
    )
    run(parts.service, signals, Notifier(parts.calls))
    assert parts.calls == [
        *('start', 'READY'),
        *('RELOADING', 'reload', 'READY'),
        *(f'STOPPING {LONG_S}', 'stop'),
    ]


def test_notifications_of_a_start_that_hangs(signals, hang):
    """systemd is never notified that the service is ready."""

    def start():
        send(signal.SIGTERM)
        hang()

    parts = Parts(start=start)
    run(parts.service, signals, Notifier(parts.calls))
    assert parts.calls == ['start', 'STOPPING 0']


def test_start_that_hangs(signals, hang):
    """The start is abandoned, and there is nothing to stop."""

    def start():
        send(signal.SIGTERM)
        hang()

    parts = Parts(start=start)
    run(parts.service, signals)
    assert parts.calls == ['start']


def test_start_that_fails(signals):
    """The error ends the program."""

    def start():
        raise ValueError('why')

    with pytest.raises(ValueError, match='why'):
        run(Parts(start=start).service, signals)


def test_failure_on_the_way(signals):
    """A failed check ends the program."""

    def check():
        raise ValueError('why')

    parts = Parts(check=check)
    with pytest.raises(ValueError, match='why'):
        run(parts.service, signals)
    assert parts.calls == ['start']


@pytest.mark.wall_clock
def test_stop_that_hangs(signals, hang):
    """A stop that exceeds its time is abandoned."""
    parts = Parts(0.5, start=lambda: send(signal.SIGTERM), stop=hang)
    started = time.monotonic()
    run(parts.service, signals)
    assert 0.5 <= time.monotonic() - started < LONG_S / 10
    assert parts.calls == ['start', 'stop']


@pytest.mark.wall_clock
def test_second_signal(signals, hang):
    """A second signal shortens the stop."""

    def stop():
        send(signal.SIGTERM)
        hang()

    parts = Parts(start=lambda: send(signal.SIGTERM), stop=stop)
    started = time.monotonic()
    run(parts.service, signals)
    assert time.monotonic() - started < LONG_S / 10
    assert parts.calls == ['start', 'stop', 'hasten']


def test_stop_that_fails(signals, caplog):
    """The error is logged, and the program ends as requested."""

    def stop():
        raise ConnectionResetError('rabbit://user:secret@broker/')

    parts = Parts(start=lambda: send(signal.SIGTERM), stop=stop)
    run(parts.service, signals)
    assert parts.calls == ['start', 'stop']
    assert 'The stop failed: ConnectionResetError' in caplog.text
    assert 'secret' not in caplog.text


def test_reload_while_stopping(signals):
    """A reload is ignored while stopping."""
    parts = Parts(start=lambda: send(signal.SIGTERM), stop=lambda: send(signal.SIGHUP))
    run(parts.service, signals)
    assert parts.calls == ['start', 'stop']
