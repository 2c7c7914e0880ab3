# SPDX-License-Identifier: Apache-2.0
"""The message buses that a client speaks on, and what it knows of each."""

from __future__ import annotations

import collections
import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import TypeVar

import oslo_messaging
from oslo_config import cfg

from console_ext import exceptions
from console_ext.executor import BoundedExecutor, Busy
from console_ext.lanes import Lanes
from console_ext.rpc import transport
from console_ext.rpc.circuit_breaker import CircuitBreaker

T = TypeVar('T')

# How long the brokers have, at the end, to close the connections.
_CLOSE_S = 1.0


class Host:
    """What is known of a compute host on a bus.

    :ivar has_answered: whether it has a queue, as far as is known
    """

    __slots__ = ('circuit', 'has_answered')

    def __init__(self) -> None:
        self.circuit = CircuitBreaker()
        self.has_answered = False


class Bus:
    """One message bus; connected when it is first needed, in each process anew.

    The bus has threads of its own, because oslo.messaging blocks without bound while a
    broker is away: no other bus waits for it.  In these each compute host has a lane
    of its own: no other host waits for one that does not answer.

    :param url: oslo.messaging's; None for the configured one
    """

    MAX_HOSTS = 10_000
    MAX_WAITING_PER_HOST = 1024

    # How much longer than its deadline a call may take.  A call that takes longer is
    # stuck on its way to the broker.
    MARGIN_S = 0.25

    def __init__(self, conf: cfg.ConfigOpts, url: str | None):
        self._conf = conf
        self._url = url
        self._lock = threading.Lock()
        self._probing = threading.Lock()
        self._client: oslo_messaging.RPCClient | None = None
        self._transport: oslo_messaging.transport.RPCTransport | None = None
        self._pid: int | None = None
        # Before the first call nothing is known of the broker, as after a failure.
        self._in_doubt = True
        self._last_failure = self._last_breakdown = float('-inf')
        self._last_answer = float('-inf')
        self._refuses_until = float('-inf')
        self._hosts: collections.OrderedDict[str, Host] = collections.OrderedDict()
        self._deadlines: dict[object, float] = {}
        self._start_threads()

    def _start_threads(self) -> None:
        options = self._conf.console_rpc
        self._executor = BoundedExecutor(
            options.max_concurrent_calls, 'console-rpc', self.MAX_HOSTS
        )
        self._lanes = Lanes(
            self._executor, options.max_calls_per_host, self.MAX_WAITING_PER_HOST
        )

    def host(self, name: str) -> Host:
        with self._lock:
            host = self._hosts.get(name)
            if host is None:
                host = self._hosts[name] = Host()
            self._hosts.move_to_end(name)
            if len(self._hosts) > self.MAX_HOSTS:
                self._hosts.popitem(last=False)
            return host

    def submit(self, name: str, call: Callable[[], T]) -> futures.Future[T]:
        """Begin a call to a compute host as soon as its lane has room.

        :raises BusUnreachable: the broker is known to be away
        :raises HostUnreachable: the host has just left a call unanswered
        :raises TooManyCalls:
        """
        if time.monotonic() < self._refuses_until:
            raise exceptions.BusUnreachable
        if self.host(name).circuit.refuses():
            raise exceptions.HostUnreachable(name)
        try:
            return self._lanes.submit(name, call)
        except Busy:
            raise exceptions.TooManyCalls from None

    def is_crowded(self, name: str) -> bool:
        """Whether more calls wait for a compute host than it has under way."""
        most = int(self._conf.console_rpc.max_calls_per_host)
        return self._lanes.waiting(name) > most

    def is_well(self) -> bool:
        """Whether calls of this process are answered, and none is stuck."""
        return not self._in_doubt and self._pid == os.getpid() and not self._has_stuck()

    def _has_stuck(self) -> bool:
        late = time.monotonic() - self.MARGIN_S
        answer = self._last_answer
        return any(
            answer < deadline < late for deadline in list(self._deadlines.values())
        )

    @contextlib.contextmanager
    def calling(self, deadline: float) -> Iterator[None]:
        """Note that a call is under way.

        :param deadline: when it ends at the latest, on the monotonic clock, in seconds
        """
        call = object()
        self._deadlines[call] = deadline
        try:
            yield
        finally:
            del self._deadlines[call]

    def probe(self, deadline: float) -> None:
        """Ask whether a broker answers; one thread asks, and the others wait for it.

        A failed probe stands for as long as it took: threads that wait for brokers
        that are silent do not ask them one after the other.

        :param deadline: on the monotonic clock, in seconds
        :raises BusUnreachable: none does
        :raises oslo_messaging.InvalidTransportURL:
        """
        if not self._probing.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise exceptions.BusUnreachable
        try:
            started = time.monotonic()
            if started >= self._refuses_until:
                if transport.broker_answers(self._conf, deadline, self._url):
                    return
                now = time.monotonic()
                self._refuses_until = now + (now - started)
            self.failed()
            raise exceptions.BusUnreachable
        finally:
            self._probing.release()

    @property
    def last_failure(self) -> float:
        """When a call was last left unanswered, or the bus failed.

        On the monotonic clock; minus infinity for never.
        """
        return self._last_failure

    def has_failed_since(self, moment: float) -> bool:
        """Whether it is the bus that failed since a moment of the monotonic clock."""
        return self._last_breakdown >= moment

    def has_answered_since(self, moment: float) -> bool:
        """Whether any host has answered since a moment of the monotonic clock.

        The broker was well then: a call that got no answer meanwhile says nothing of
        it, and the calls to other hosts need no probe.
        """
        return self._last_answer >= moment

    def failed(self) -> None:
        self._last_breakdown = self._last_failure = time.monotonic()
        self._in_doubt = True

    def answered(self, host: Host) -> None:
        """A compute host has, so the broker is well."""
        self._last_answer = time.monotonic()
        self._in_doubt = False
        host.has_answered = True
        host.circuit.answered()

    def unanswered(self, name: str, host: Host, started: float) -> None:
        """A compute host has left a call unanswered, while the broker was well.

        :param started: when the call was made, on the monotonic clock
        """
        # Queues may be missing for a while now, whoever is at fault.
        self._last_failure = time.monotonic()
        if not self.has_answered_since(started):
            self._in_doubt = True
        host.circuit.unanswered()
        self._lanes.fail_waiting(name, exceptions.HostUnreachable(name))

    def connect(self) -> oslo_messaging.RPCClient:
        pid = os.getpid()
        if self._client is not None and self._pid == pid:
            return self._client
        with self._lock:
            if self._client is None or self._pid != pid:
                # A forked child cannot use its parent's connections, nor close them.
                self._transport = transport.connect(self._conf, self._url)
                self._client = oslo_messaging.get_rpc_client(
                    self._transport,
                    oslo_messaging.Target(
                        topic=transport.TOPIC, version=transport.VERSION
                    ),
                    transport_options=oslo_messaging.TransportOptions(
                        # The broker says at once that a host has no queue.
                        at_least_once=True
                    ),
                )
                self._pid = pid
            return self._client

    def close(self, timeout_s: float = _CLOSE_S) -> None:
        """Drop the connections, if there are any, and let the threads end.

        :param timeout_s: how long the broker has to close them; 0 to leave it to a
            thread
        """
        transport.disconnect(self.disown(), timeout_s)

    def disown(self) -> list[oslo_messaging.transport.RPCTransport]:
        """Forget the connections and the threads; the bus starts anew when it is used.

        :returns: what is to be disconnected: one transport or none
        """
        with self._lock:
            connected, self._transport, self._client = self._transport, None, None
            executor = self._executor
            self._start_threads()
        executor.shutdown(wait=False, cancel_futures=True)
        # A forked child cannot close its parent's.
        return [connected] if connected is not None and self._pid == os.getpid() else []


class Buses:
    """The buses in use: one for each cell of a large cloud, else one."""

    # More cells than anyone has; the one that was not used for longest makes room.
    MOST = 100

    def __init__(self, conf: cfg.ConfigOpts):
        self._conf = conf
        self._lock = threading.Lock()
        self._buses: collections.OrderedDict[str | None, Bus] = (
            collections.OrderedDict()
        )

    def get(self, url: str | None) -> Bus:
        """
        :param url: oslo.messaging's; None for the configured one
        """
        dropped = None
        with self._lock:
            bus = self._buses.get(url)
            if bus is None:
                bus = self._buses[url] = Bus(self._conf, url)
            self._buses.move_to_end(url)
            if len(self._buses) > self.MOST:
                _, dropped = self._buses.popitem(last=False)
        if dropped is not None:
            # Who asks for one bus waits for no other's broker.
            dropped.close(timeout_s=0)
        return bus

    def close(self) -> None:
        """Drop the connections of all; each connects again when it is used."""
        with self._lock:
            buses = list(self._buses.values())
        transport.disconnect(
            [connected for bus in buses for connected in bus.disown()], _CLOSE_S
        )
