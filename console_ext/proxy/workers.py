# SPDX-License-Identifier: Apache-2.0
"""Several processes of one program: started, watched and stopped together."""

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

# A worker that lives shorter than this did not start; so many in a row are the end.
QUICK_DEATH_S = 5.0
MAX_QUICK_DEATHS = 3

# How long a worker may take until its event loop beats for the first time.
_START_S = 60.0

# What a second SIGTERM or SIGINT leaves of the time to stop.
_HASTE_S = 1.5

Work = Callable[[int, Signals, Callable[[], None]], int]


@dataclass(slots=True)
class _Worker:
    """
    :ivar heard: when it last beat, or was started
    :ivar beats: whether it has ever beaten
    """

    number: int
    pulse: Pulse
    started: float
    heard: float
    beats: bool = False
    killed: bool = False


class Workers:
    """Forks, so it is to be used before the program has threads.

    :param work: what a worker does, by its number: it takes its own signals, ends at
        SIGTERM, lets its event loop call the function that it is given every
        ``BEAT_S``, and returns its exit status
    :param stop_s: how long the workers have to end before they are killed
    :param silence_s: how long an event loop may be silent before its worker is killed
        and replaced; 0 is for ever
    :param ready: called once, when the event loop of each worker has turned
    :param close: gives up what is held for the workers to come; called when none will
    :param reload: reads again, at SIGHUP, what workers to come are to know
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
        self._quick_deaths = 0
        self._looked = time.monotonic()
        # Only this process holds the second end: when it is gone, however it went, its
        # workers notice.
        self._parent_is_gone, self._parent_lives = os.pipe()

    def run(self, signals: Signals) -> None:
        """Run until SIGTERM or SIGINT; SIGHUP is passed on, the dead are replaced.

        :raises ConfigurationError: the workers do not stay alive
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
            for number in self._bury():
                self._fork(number)
            self._end_the_silent()
            if not self._is_ready and all(one.beats for one in self._live.values()):
                self._is_ready = True
                self._ready()

    def _fork(self, number: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pulse = Pulse()
        # What is signalled to a worker that has no handlers yet waits until it has.
        former = signal.pthread_sigmask(signal.SIG_BLOCK, _TAKEN)
        pid = os.fork()
        if pid:
            signal.pthread_sigmask(signal.SIG_SETMASK, former)
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
        # Nobody else is left to end a worker that does not.
        time.sleep(self._stop_s)
        os._exit(1)

    def _bury(self) -> list[int]:
        """
        :returns: the numbers of the workers that have died
        :raises ConfigurationError: too many have, too soon
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
            if self._quick_deaths >= MAX_QUICK_DEATHS:
                raise exceptions.ConfigurationError('the workers do not stay alive')
            dead.append(worker.number)
        return dead

    def _reap(self) -> list[tuple[_Worker, int]]:
        """The workers that have ended, with their exit codes.

        A process may have other children: those of the program that it replaced by
        exec, and as the first of a container everybody's orphans.
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

    def _end_the_silent(self) -> None:
        """Kill the workers whose event loops do not turn."""
        now = time.monotonic()
        # Who was held itself, like all of a suspended machine, has heard nobody.
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
                    'Worker %d (process %d) is killed: its event loop has not turned '
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
                LOG.error('%d workers do not end and are killed', len(self._live))
                self._tell(signal.SIGKILL)
                deadline = float('inf')
            elif signals.wait(min(left_s, BEAT_S)) in STOP:
                self._tell(signal.SIGTERM)
                deadline = min(deadline, time.monotonic() + _HASTE_S)
