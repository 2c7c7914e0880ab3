# SPDX-License-Identifier: Apache-2.0
"""A program from its start to its end, as signals decide."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from console_ext.cmd.systemd import Notifier
from console_ext.signals import RELOAD, STOP, Signals

LOG = logging.getLogger(__name__)

# How often a program is looked at while nobody signals.
_LOOK_S = 1.0

# What a second SIGTERM or SIGINT leaves of the time to stop.
_HASTE_S = 1.0


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Service:
    """What a program runs.

    Start and stop each have a thread of their own, because they may wait for a broker
    or a database for longer than the program may.

    :param stop_s: how long ``stop`` may take; then the program ends all the same
    :param reload: reads again what can be read again, at SIGHUP
    :param check: raises where the service has failed by itself
    :param hasten: shortens the stop, at a second SIGTERM or SIGINT
    """

    start: Callable[[], None]
    stop: Callable[[], None]
    stop_s: float
    reload: Callable[[], None] = _nothing
    check: Callable[[], None] = _nothing
    hasten: Callable[[], None] = _nothing


def attend(
    service: Service, signals: Signals, notifier: Notifier | None = None
) -> None:
    """Start a service, and stop it at SIGTERM or SIGINT.

    A start or a stop that is not finished in time is left in its daemon thread.  A
    service that is still starting is not stopped: it has nothing to finish.

    What the stop raises is logged: the program has ended as it was told to.

    :param notifier: tells systemd of it; None for a process that systemd does not know
    :raises Exception: whatever the start or the check raises
    """
    notifier = notifier or Notifier(None)
    if not _start(service, signals):
        notifier.stopping(0)
        return
    notifier.ready()
    while (received := signals.wait(_LOOK_S)) not in STOP:
        if received == RELOAD:
            with notifier.reloading():
                service.reload()
        service.check()
    LOG.info('Stopping')
    notifier.stopping(service.stop_s)
    _stop(service, signals)


def _start(service: Service, signals: Signals) -> bool:
    """
    :returns: False where a signal came first
    """
    start = _Background('start', service.start, signals)
    reload = False
    while not start.ended:
        received = signals.wait(_LOOK_S)
        if received in STOP:
            LOG.info('Stopping before the start is complete')
            return False
        reload = reload or received == RELOAD
    start.check()
    if reload:
        service.reload()
    return True


def _stop(service: Service, signals: Signals) -> None:
    deadline = time.monotonic() + service.stop_s
    stop = _Background('stop', service.stop, signals)
    while not stop.ended and (left_s := deadline - time.monotonic()) > 0:
        if signals.wait(left_s) in STOP:
            LOG.info('Stopping faster')
            service.hasten()
            deadline = min(deadline, time.monotonic() + _HASTE_S)
    if not stop.ended:
        LOG.warning('Ending with connections that do not close in time')
        return
    try:
        stop.check()
    except Exception as error:
        # A broker that goes at the same moment is no failure of this program.
        LOG.warning('The stop failed: %s', type(error).__name__)


class _Background:
    """A call in a daemon thread; its end wakes whoever waits for signals."""

    def __init__(self, name: str, call: Callable[[], None], signals: Signals):
        self.ended = False
        self._call = call
        self._signals = signals
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def check(self) -> None:
        """
        :raises BaseException: what the call raised
        """
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._call()
        except BaseException as error:
            self._error = error
        finally:
            self.ended = True
            self._signals.wake()
