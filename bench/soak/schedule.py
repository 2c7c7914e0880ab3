# SPDX-License-Identifier: Apache-2.0
"""The schedule of a run."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench.soak import faults
from bench.soak.attackers import KINDS
from bench.soak.criteria import Observed, Run
from bench.soak.growth import Watch
from bench.soak.load import Load
from bench.soak.samples import Window

FROZEN_BROKER = 'frozen-broker'
LOCKED_STORE = 'locked-store'

DISTURBANCES = (*KINDS, FROZEN_BROKER, LOCKED_STORE)

# Longer than [console_proxy] handshake_timeout, after which the attackers' connections
# are closed.
_AFTERWARDS_S = 12.0

_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Times:
    """The durations of the phases, in seconds.

    :param disturbed: the time with attackers, which includes the faults
    """

    quiet: float
    disturbed: float
    frozen: float
    locked: float

    @classmethod
    def of(cls, seconds: float) -> Times:
        """Return the durations for a run of about this length.

        The broker is frozen for a minute, or for a fifth of a short run.
        """
        quiet = min(120.0, max(10.0, seconds / 10))
        disturbed = max(30.0, seconds - quiet - _AFTERWARDS_S)
        return cls(quiet, disturbed, min(60.0, disturbed / 5), 10.0)


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    seconds: float
    fault: AbstractContextManager[None]


class Schedule:
    """
    :param only: the names of the disturbances
    :param say: called with progress messages
    """

    def __init__(
        self,
        disturbed: Load,
        undisturbed: Load,
        times: Times,
        only: Collection[str],
        say: Callable[[str], None],
    ):
        self._disturbed = disturbed
        self._loads = disturbed, undisturbed
        self._times = times
        self._only = only
        self._attackers = [name for name in KINDS if name in only]
        self._say = say
        self._faults: list[Window] = []

    def run(self) -> Run:
        self._start()
        self._say('the users type, undisturbed')
        quiet = self._spend('quiet', self._times.quiet)
        with contextlib.ExitStack() as watches:
            growth = [
                watches.enter_context(Watch(load.site.pids)) for load in self._loads
            ]
            under = self._disturb()
            self._say('the users type, undisturbed again')
            self._spend('afterwards', _AFTERWARDS_S)
        for load in self._loads:
            load.stop_users()
        here, there = (
            Observed(load.samples(), watch.growth, load.site.workers)
            for load, watch in zip(self._loads, growth, strict=True)
        )
        return Run(here, there, quiet, under, self._faults)

    def _start(self) -> None:
        for load in self._loads:
            load.site.make_store()
            load.plan(self._attackers if load is self._disturbed else ())
            load.site.start()
        for load in self._loads:
            load.site.wait()
        self._say('all services are running; the users open their sessions')
        for load in self._loads:
            load.start_users()
        for load in self._loads:
            load.wait_for_users()

    def _disturb(self) -> Window:
        started = time.monotonic()
        for name in self._attackers:
            self._say(f'{name} begins')
            self._disturbed.start_attackers(name)
        due = [one for one in self._all_faults() if one.name in self._only]
        faulty_s = sum(one.seconds for one in due)
        between_s = (self._times.disturbed - faulty_s) / (len(due) + 1)
        self._spend('attackers', between_s)
        for one in due:
            self._say(f'{one.name} for {one.seconds:.0f} s')
            with one.fault:
                self._faults.append(self._spend(one.name, one.seconds))
            self._spend('attackers', between_s)
        for name, done in self._disturbed.stop_attackers().items():
            self._say(f'{name} has done: {done}')
        return Window('disturbed', started, time.monotonic())

    def _all_faults(self) -> list[Fault]:
        times, site = self._times, self._disturbed.site
        return [
            Fault(FROZEN_BROKER, times.frozen, faults.frozen(site.broker)),
            Fault(LOCKED_STORE, times.locked, faults.locked(site.database)),
        ]

    def _spend(self, name: str, seconds: float) -> Window:
        """Wait, and check that all processes stay alive."""
        start = time.monotonic()
        while (left := start + seconds - time.monotonic()) > 0:
            for load in self._loads:
                load.check()
            time.sleep(min(left, _LOOK_S))
        return Window(name, start, time.monotonic())
