# SPDX-License-Identifier: Apache-2.0
"""Starts, monitors and stops several worker processes of a program."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from console_ext import exceptions
from console_ext.proxy.pulse import BEAT_S, Pulse
from console_ext.signals import RELOAD, STOP, Signals

LOG = logging.getLogger(__name__)

_TAKEN = {*STOP, RELOAD, signal.SIGCHLD}

# A worker that ends earlier has failed to start.  After this many in a row, give up, or
# if other workers are well, try again at this interval only.
QUICK_DEATH_S = 5.0
MAX_QUICK_DEATHS = 3

# The time until the first report of a worker's event loop.
_START_S = 60.0

# The remaining time to stop after a second SIGTERM or SIGINT.
_HASTE_S = 1.5

Work = Callable[[int, Signals, Callable[[], None]], int]


@dataclass(slots=True)
class _Worker:
    """
    :ivar heard: the time of its last report, or of its start
    :ivar beats: whether it has reported at least once
    """

    number: int
    pulse: Pulse
    started: float
    heard: float
    beats: bool = False
    killed: bool = False


class Workers:
    """The supervisor of the workers.  It forks, so use it before threads are started.

    :param work: the function of a worker.  It gets the worker's number, its signals and
        a function that its event loop must call every ``BEAT_S`` seconds.  It ends at
        SIGTERM and returns the exit status.
    :param stop_s: how long to wait for the workers to end before they are killed
    :param silence_s: how long to wait for a report of an event loop before its worker
        is killed and replaced; 0 for no limit
    :param ready: called once, when the event loops of all workers are running
    :param close: releases the resources of future workers; called at the stop
    :param reload: reloads the configuration for future workers at SIGHUP
    """

    def __init__(
        self,
        count: int,
        work: Work,
        *,
        stop_s: float,
        silence_s: float,
        ready: Callable[[], None],
        close: Callable[[], None],
        reload: Callable[[], None],
    ):
        self._count = count
        self._work = work
        self._stop_s = stop_s
        self._silence_s = silence_s
        self._ready = ready
        self._is_ready = False
        self._close = close
        self._reload = reload
        self._live: dict[int, _Worker] = {}
        # The numbers of the workers that could not be replaced yet.
        self._missing: list[int] = []
        self._next_try = 0.0
        self._quick_deaths = 0
        self._looked = time.monotonic()
        # Only this process has the write end, so that the workers notice when this
        # process ends in any way.
        self._parent_is_gone, self._parent_lives = os.pipe()

    def run(self, signals: Signals) -> None:
        """Run until SIGTERM or SIGINT; pass on SIGHUP and replace dead workers.

        :raises ConfigurationError: several workers in a row have failed to start, and
            no other is well
        """
        signals.take(signal.SIGCHLD)
        try:
            for number in range(self._count):
                self._fork(number)
            self._watch(signals)
        finally:
            self._stop(signals)

    def _watch(self, signals: Signals) -> None:
        while (received := signals.wait(BEAT_S)) not in STOP:
            if received == RELOAD:
                self._reload()
                self._tell(signal.SIGHUP)
            self._replace(self._collect_dead())
            self._kill_blocked()
            if not self._is_ready and self._all_beat():
                self._is_ready = True
                self._ready()

    def _all_beat(self) -> bool:
        return not self._missing and all(one.beats for one in self._live.values())

    def _replace(self, dead: list[int]) -> None:
        """Start workers again; try it later if the system does not allow it now."""
        self._missing += dead
        if self._quick_deaths >= MAX_QUICK_DEATHS:
            now = time.monotonic()
            if now < self._next_try:
                return
            self._next_try = now + QUICK_DEATH_S
        numbers, self._missing = self._missing, []
        for number in numbers:
            try:
                self._fork(number)
            except OSError as error:
                self._missing.append(number)
                if number in dead:
                    LOG.error(
                        'Cannot replace worker %d yet: %s', number, error.strerror
                    )

    def _fork(self, number: int) -> None:
        """
        :raises OSError: there is no memory, process or file for a worker
        """
        sys.stdout.flush()
        sys.stderr.flush()
        pulse = Pulse()
        # Blocks signals to the worker until it has its handlers.
        previous = signal.pthread_sigmask(signal.SIG_BLOCK, _TAKEN)
        try:
            pid = os.fork()
        except OSError:
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)
            pulse.close()
            raise
        if pid:
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)
            now = time.monotonic()
            self._live[pid] = _Worker(number, pulse, started=now, heard=now)
            return
        status = 1
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            with Signals() as signals:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _TAKEN)
                os.close(self._parent_lives)
                for other in self._live.values():
                    other.pulse.close()
                threading.Thread(target=self._end_with_parent, daemon=True).start()
                status = self._work(number, signals, pulse.beat)
        except BaseException:
            LOG.exception('Worker %d has failed', number)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _end_with_parent(self) -> None:
        os.read(self._parent_is_gone, 1)
        os.kill(os.getpid(), signal.SIGTERM)
        # Without the supervisor, the worker must enforce the timeout itself.
        time.sleep(self._stop_s)
        os._exit(1)

    def _collect_dead(self) -> list[int]:
        """
        :returns: the numbers of the workers that have died
        :raises ConfigurationError: several workers in a row have failed to start, and
            no other is well
        """
        dead = []
        for worker, code in self._reap():
            lived_s = time.monotonic() - worker.started
            LOG.error(
                'Worker %d ended with %d after %.0f s', worker.number, code, lived_s
            )
            if lived_s >= QUICK_DEATH_S:
                self._quick_deaths = 0
            else:
                self._quick_deaths += 1
            if self._quick_deaths >= MAX_QUICK_DEATHS and not self._is_one_well():
                raise exceptions.ConfigurationError(
                    'the workers end right after their start; see the log'
                )
            dead.append(worker.number)
        return dead

    def _is_one_well(self) -> bool:
        now = time.monotonic()
        return any(
            one.beats and now - one.started >= QUICK_DEATH_S
            for one in self._live.values()
        )

    def _reap(self) -> list[tuple[_Worker, int]]:
        """Return the workers that have ended, with their exit codes.

        The process may have other children: those of a program that it has replaced
        with exec, and all orphans if it is the first process of a container.
        """
        ended = []
        while self._live:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            worker = self._live.pop(pid, None)
            if worker is not None:
                worker.pulse.close()
                ended.append((worker, os.waitstatus_to_exitcode(status)))
        return ended

    def _kill_blocked(self) -> None:
        """Kill the workers whose event loops are blocked."""
        now = time.monotonic()
        # If this process itself was paused, as on a suspended machine, it has not read
        # the reports of its workers.
        was_held = now - self._looked > 3 * BEAT_S
        self._looked = now
        for pid, worker in self._live.items():
            if worker.pulse.heard():
                worker.heard, worker.beats = now, True
            elif was_held:
                worker.heard = now
            patience_s = self._silence_s if worker.beats else _START_S
            silent_s = now - worker.heard
            if self._silence_s and silent_s > patience_s and not worker.killed:
                LOG.error(
                    'Killed worker %d (process %d): its event loop has been blocked '
                    'for %.0f s',
                    worker.number,
                    pid,
                    silent_s,
                )
                worker.killed = True
                os.kill(pid, signal.SIGKILL)

    def _tell(self, number: int) -> None:
        for pid in self._live:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _stop(self, signals: Signals) -> None:
        self._close()
        self._tell(signal.SIGTERM)
        deadline = time.monotonic() + self._stop_s
        while True:
            self._reap()
            if not self._live:
                return
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                LOG.error('Killed %d workers that did not end', len(self._live))
                self._tell(signal.SIGKILL)
                deadline = float('inf')
            elif signals.wait(min(left_s, BEAT_S)) in STOP:
                self._tell(signal.SIGTERM)
                deadline = min(deadline, time.monotonic() + _HASTE_S)
