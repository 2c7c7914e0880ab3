# SPDX-License-Identifier: Apache-2.0
"""Whether files have changed."""

from __future__ import annotations

import threading

import pytest

from console_ext.watch import Watch


class Watched:
    """What changes, and how often that was seen."""

    def __init__(self, interval_s=0.0):
        self.stamp = 1
        self.looks = self.changes = 0
        self._watch = Watch(self._look, interval_s)

    def _look(self):
        self.looks += 1
        return self.stamp

    def changed(self):
        self.changes += 1

    def check(self, changed=None):
        self._watch.check(changed or self.changed)


def test_a_change():
    """It is seen once; no change is not."""
    watched = Watched()
    watched.check()
    assert watched.changes == 0
    watched.stamp = 2
    for _ in range(3):
        watched.check()
    assert watched.changes == 1


def test_a_change_that_cannot_be_told():
    """A file that is away for a moment has not changed, nor when it is back."""
    watched = Watched()
    for stamp in (None, 1, None):
        watched.stamp = stamp
        watched.check()
    assert watched.changes == 0
    watched.stamp = 2
    watched.check()
    assert watched.changes == 1


def test_a_change_that_cannot_be_read():
    """It is not read again, and the next one is."""
    watched = Watched()
    watched.stamp = 2
    with pytest.raises(ZeroDivisionError):
        watched.check(lambda: 1 / 0)
    watched.check()
    assert watched.changes == 0
    watched.stamp = 3
    watched.check()
    assert watched.changes == 1


def test_interval(monkeypatch):
    """However often it is asked."""
    now = [100.0]
    monkeypatch.setattr('time.monotonic', lambda: now[0])
    watched = Watched(interval_s=10)
    watched.stamp = 2
    for now[0] in (100.0, 105.0, 109.9):
        watched.check()
    assert (watched.looks, watched.changes) == (1, 0)
    for now[0] in (110.0, 111.0, 119.0):
        watched.check()
    assert (watched.looks, watched.changes) == (2, 1)


def test_others_go_on_while_one_reads():
    """They have what was read before."""
    watched = Watched()
    watched.stamp = 2
    reading, read = threading.Event(), threading.Event()

    def changed():
        reading.set()
        assert read.wait(10)

    thread = threading.Thread(target=watched.check, args=[changed])
    thread.start()
    assert reading.wait(10)
    watched.stamp = 3
    watched.check()
    assert watched.changes == 0
    read.set()
    thread.join()
    watched.check()
    assert watched.changes == 1
