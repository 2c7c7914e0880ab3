# SPDX-License-Identifier: Apache-2.0
"""Detecting changes of files."""

from __future__ import annotations

import threading

import pytest

from console_ext.watch import Watch


class Watched:
    """Watches a value, and counts how often a change was seen."""

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
    """A change is seen once."""
    watched = Watched()
    watched.check()
    assert watched.changes == 0
    watched.stamp = 2
    for _ in range(3):
        watched.check()
    assert watched.changes == 1


def test_a_change_that_cannot_be_told():
    """A file that disappears for a moment counts as unchanged."""
    watched = Watched()
    for stamp in (None, 1, None):
        watched.stamp = stamp
        watched.check()
    assert watched.changes == 0
    watched.stamp = 2
    watched.check()
    assert watched.changes == 1


def test_a_change_that_cannot_be_read():
    """It is not read again until the next change."""
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
    """Within an interval, the files are checked once."""
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
    """Other threads use the previous content meanwhile."""
    watched = Watched()
    watched.stamp = 2
    reading, read = threading.Event(), threading.Event()

    def changed():
        reading.set()
        assert read.wait(30)

    thread = threading.Thread(target=watched.check, args=[changed])
    thread.start()
    assert reading.wait(30)
    watched.stamp = 3
    watched.check()
    assert watched.changes == 0
    read.set()
    thread.join()
    watched.check()
    assert watched.changes == 1
