# SPDX-License-Identifier: Apache-2.0
"""Receiving signals without running code in handlers."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from console_ext.signals import Signals


@pytest.fixture
def signals():
    with Signals() as taken:
        yield taken


def send(*numbers):
    for number in numbers:
        os.kill(os.getpid(), number)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal(signals, number):
    """It does not end the process, and is read once."""
    send(number)
    assert signals.wait(30) == number
    assert signals.wait(0) is None


def test_order(signals):
    """Signals are read in their order, and none is lost."""
    numbers = [signal.SIGHUP, signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
    for number in numbers:
        send(number)
    assert [signals.wait(10) for _ in numbers] == numbers


def test_one_that_comes_while_it_is_waited_for(signals):
    """The wait ends immediately."""
    threading.Timer(0.2, send, [signal.SIGTERM]).start()
    assert signals.wait(60) == signal.SIGTERM


@pytest.mark.wall_clock
def test_wake(signals):
    """Another thread can end a wait without a signal."""
    threading.Timer(0.2, signals.wake).start()
    started = time.monotonic()
    assert signals.wait(60) is None
    assert time.monotonic() - started < 30


def test_one_more(signals):
    """One more signal, besides those given at the start."""
    signals.take(signal.SIGUSR1)
    send(signal.SIGUSR1)
    assert signals.wait(30) == signal.SIGUSR1


def test_afterwards():
    """Afterwards, all signal settings are restored."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
    before = [signal.getsignal(number) for number in numbers]
    with Signals() as taken:
        taken.take(signal.SIGUSR1)
    assert [signal.getsignal(number) for number in numbers] == before
    assert signal.set_wakeup_fd(-1) == -1
    taken.wake()


def test_what_is_executed_starts_with_the_defaults(signals):
    """A child such as QEMU has default signal settings."""
    script = (
        'import re\n'
        'for line in open("/proc/self/status"):\n'
        '    if re.match("Sig(Blk|Ign)", line): print(int(line.split()[1], 16))'
    )
    done = subprocess.run(
        [sys.executable, '-I', '-c', script], capture_output=True, text=True
    )
    taken = sum(
        1 << (number - 1) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    )
    masks = [int(line) & taken for line in done.stdout.split()]
    assert masks == [0, 0]


def test_signals_that_were_blocked(signals):
    """The parent process may have blocked them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    with Signals() as taken:
        send(signal.SIGTERM)
        assert taken.wait(30) == signal.SIGTERM


# Sets an event at SIGTERM, by a handler or by Signals, while it waits for that event
# again and again.
STORM = """
import os, signal, sys, threading, time
from console_ext.signals import Signals

started, start = os.pipe()

def storm(pid):
    os.kill(pid, signal.SIGHUP)
    # Otherwise all may be sent before the first is received.
    os.read(started, 1)
    for _ in range(20000):
        os.kill(pid, signal.SIGHUP)
    os.kill(pid, signal.SIGTERM)

with Signals() as signals:
    if not (child := os.fork()):
        storm(os.getppid())
        os._exit(0)
    seen = 0
    while (received := signals.wait(1.0)) != signal.SIGTERM:
        seen += received == signal.SIGHUP
        os.write(start, b'.')
    os.waitpid(child, 0)
    print('ended', seen > 0)
"""


def test_a_storm_of_signals():
    """Even if many signals interrupt the wait, the final one is received."""
    done = subprocess.run(
        [sys.executable, '-c', STORM], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == 'ended True\n', done.stderr
