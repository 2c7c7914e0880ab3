# SPDX-License-Identifier: Apache-2.0
"""Measures the memory and descriptors of a proxy's workers during a run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Growth:
    """Sums over all workers: the first, the maximum and the last value of each.

    :ivar memory_mb: resident memory, in MiB
    """

    memory_mb: tuple[float, float, float]
    descriptors: tuple[int, int, int]


class Watch:
    """A context manager that inspects processes and their children once a second.

    :param pids: the process ids of the supervisors
    """

    def __init__(self, pids: Sequence[int]):
        self._pids = pids
        self._seen: list[tuple[float, int]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name='soak-watch')

    def __enter__(self) -> Watch:
        self._look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    @property
    def growth(self) -> Growth:
        """Return the result; it is complete after the ``with`` block."""
        memory = [one for one, _ in self._seen]
        descriptors = [one for _, one in self._seen]
        return Growth(
            (memory[0], max(memory), memory[-1]),
            (descriptors[0], max(descriptors), descriptors[-1]),
        )

    def _watch(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self._look()

    def _look(self) -> None:
        memory, descriptors = 0, 0
        for process in self._processes():
            # A worker may end during the inspection.
            with contextlib.suppress(psutil.NoSuchProcess):
                memory += process.memory_info().rss
                descriptors += process.num_fds()
        self._seen.append((memory / 2**20, descriptors))

    def _processes(self) -> list[psutil.Process]:
        found = []
        for pid in self._pids:
            with contextlib.suppress(psutil.NoSuchProcess):
                parent = psutil.Process(pid)
                found += [parent, *parent.children(recursive=True)]
        return found
