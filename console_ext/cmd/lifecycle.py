# SPDX-License-Identifier: Apache-2.0
"""Starts, reloads and stops a program in response to signals."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from console_ext.cmd.systemd import Notifier
from console_ext.signals import RELOAD, STOP, Signals

LOG = logging.getLogger(__name__)

# The interval of Service.check while no signal arrives.
_CHECK_S = 1.0

# The remaining time to stop after a second SIGTERM or SIGINT.
_HASTE_S = 1.0


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Service:
    """The callbacks of a program.

    ``start`` and ``stop`` each run in a separate thread, because they may wait longer
    for a broker or a database than the program may.

    :param stop_s: how long ``stop`` may take before the program ends anyway
    :param reload: reloads the configuration at SIGHUP
    :param check: raises an exception if the service has failed
    :param hasten: shortens the stop at a second SIGTERM or SIGINT
    """

    start: Callable[[], None]
    stop: Callable[[], None]
    stop_s: float
    reload: Callable[[], None] = _nothing
    check: Callable[[], None] = _nothing
    hasten: Callable[[], None] = _nothing


def run(service: Service, signals: Signals, notifier: Notifier | None = None) -> None:
    """Start a service, and stop it at SIGTERM or SIGINT.

    A start or stop that takes too long is abandoned in its daemon thread.  A service
    that is still starting is not stopped, because it has nothing to finish.

    An exception from ``stop`` is only logged.

    :param notifier: notifies systemd; None for a process that systemd does not manage
    :raises Exception: what ``start`` or ``check`` raises
    """
    notifier = notifier or Notifier(None)
    if not _start(service, signals):
        notifier.stopping(0)
        return
    notifier.ready()
    while (received := signals.wait(_CHECK_S)) not in STOP:
        if received == RELOAD:
            with notifier.reloading():
                service.reload()
        service.check()
    LOG.info('Stopping')
    notifier.stopping(service.stop_s)
    _stop(service, signals)


def _start(service: Service, signals: Signals) -> bool:
    """
    :returns: False if a signal stopped the start
    """
    start = _Background('start', service.start, signals)
    reload = False
    while not start.ended:
        received = signals.wait(_CHECK_S)
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
        LOG.warning('Ending although some connections have not closed in time')
        return
    try:
        stop.check()
    except Exception as error:
        # Not a failure: a broker may stop at the same time, for example.
        LOG.warning('The stop failed: %s', type(error).__name__)


class _Background:
    """A call in a daemon thread; when it ends, ``Signals.wait`` returns."""

    def __init__(self, name: str, call: Callable[[], None], signals: Signals):
        self.ended = False
        self._call = call
        self._signals = signals
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def check(self) -> None:
        """
        :raises BaseException: the exception of the call
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
