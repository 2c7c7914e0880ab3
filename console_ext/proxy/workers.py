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

from console_ext import exceptions

LOG = logging.getLogger(__name__)

_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}

# A worker that lives shorter than this did not start; so many in a row are the end.
QUICK_DEATH_S = 5.0
MAX_QUICK_DEATHS = 3


class Workers:
    """Forks, so it is to be used before the program has threads.

    :param work: what a worker does, by its number; returns its exit status, ends at
        SIGTERM, and is not told of SIGHUP before it asks to be
    :param patience_s: how long the workers have to end before they are killed
    :param close: gives up what is held for the workers to come; called when none will
    """

    def __init__(
        self,
        count: int,
        work: Callable[[int], int],
        patience_s: float,
        close: Callable[[], None],
    ):
        self._count = count
        self._work = work
        self._patience_s = patience_s
        self._close = close
        self._live: dict[int, tuple[int, float]] = {}
        self._quick_deaths = 0
        # Only this process holds the second end: when it is gone, however it went, its
        # workers notice.
        self._parent_is_gone, self._parent_lives = os.pipe()

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; SIGHUP is passed on, the dead are replaced.

        :raises ConfigurationError: the workers do not stay alive
        """
        former = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            for number in range(self._count):
                self._fork(number)
            self._watch()
        finally:
            self._stop()
            signal.pthread_sigmask(signal.SIG_SETMASK, former)

    def _watch(self) -> None:
        while True:
            received = signal.sigwait(_SIGNALS)
            if received == signal.SIGHUP:
                self._tell(signal.SIGHUP)
            elif received == signal.SIGCHLD:
                for number in self._bury():
                    self._fork(number)
            else:
                return

    def _fork(self, number: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            self._live[pid] = number, time.monotonic()
            return
        status = 1
        try:
            os.close(self._parent_lives)
            threading.Thread(target=self._end_with_parent, daemon=True).start()
            # What is to be read again is not read yet.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            status = self._work(number)
        except BaseException:
            LOG.exception('Worker %d has failed', number)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _end_with_parent(self) -> None:
        os.read(self._parent_is_gone, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _bury(self) -> list[int]:
        """
        :returns: the numbers of the workers that have died
        :raises ConfigurationError: too many have, too soon
        """
        dead = []
        while self._live:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            number, started = self._live.pop(pid)
            lived_s = time.monotonic() - started
            code = os.waitstatus_to_exitcode(status)
            LOG.error('Worker %d ended with %d after %.0f s', number, code, lived_s)
            if lived_s >= QUICK_DEATH_S:
                self._quick_deaths = 0
            else:
                self._quick_deaths += 1
            if self._quick_deaths >= MAX_QUICK_DEATHS:
                raise exceptions.ConfigurationError('the workers do not stay alive')
            dead.append(number)
        return dead

    def _tell(self, number: int) -> None:
        for pid in self._live:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _stop(self) -> None:
        self._close()
        self._tell(signal.SIGTERM)
        deadline = time.monotonic() + self._patience_s
        while self._live:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid:
                self._live.pop(pid, None)
            elif time.monotonic() > deadline:
                self._tell(signal.SIGKILL)
                deadline = float('inf')
            else:
                signal.sigtimedwait({signal.SIGCHLD}, 0.2)
