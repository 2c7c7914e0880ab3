# SPDX-License-Identifier: Apache-2.0
"""The message buses of a client, with their connections and their state."""

from __future__ import annotations

import collections
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import TypeVar

import oslo_messaging
from oslo_config import cfg

from console_ext import exceptions
from console_ext.executor import AfterFork, BoundedExecutor, Busy
from console_ext.lanes import Lanes
from console_ext.rpc import transport
from console_ext.rpc.circuit_breaker import CircuitBreaker

T = TypeVar('T')

# The time for the brokers to close the connections at the end.
_CLOSE_S = 1.0


class Host:
    """The state of a compute host on a bus.

    :ivar has_answered: whether its last call was answered, so that it has a queue
    """

    __slots__ = ('circuit', 'has_answered')

    def __init__(self, probes: threading.Semaphore) -> None:
        self.circuit = CircuitBreaker(probes)
        self.has_answered = False


class Bus:
    """A message bus.  Each process connects when it first needs the bus.

    oslo.messaging blocks without limit while a broker is unavailable.  Therefore each
    bus has its own threads, and delays no other bus.  Each compute host has its own
    lane in them, so that a host that does not answer delays no other host.  However
    many hosts do not answer, probing them takes at most half of the threads.

    :param url: oslo.messaging's URL of the bus; None for the configured bus
    """

    MAX_HOSTS = 10_000
    MAX_WAITING_PER_HOST = 1024

    # How long a call may exceed its deadline.  A call that takes longer is stuck on its
    # way to the broker.
    MARGIN_S = 0.25

    def __init__(self, conf: cfg.ConfigOpts, url: str | None):
        self._conf = conf
        self._url = url
        self._reset()
        self._fork = AfterFork(self._reset)
        self._start_threads()

    def _reset(self) -> None:
        """Begin without a connection, and without knowledge of the broker and hosts.

        A forked process cannot use or close its parent's connections.
        """
        self._lock = threading.Lock()
        # Separate, because the other one is held while the library loads a driver, and
        # event loops call host().
        self._hosts_lock = threading.Lock()
        self._probing = threading.Lock()
        self._client: oslo_messaging.RPCClient | None = None
        self._transport: oslo_messaging.transport.RPCTransport | None = None
        # Before the first call the broker's state is unknown, as after a failure.
        self._in_doubt = True
        self._last_failure = self._last_breakdown = float('-inf')
        self._last_answer = float('-inf')
        self._refuses_until = float('-inf')
        self._hosts: collections.OrderedDict[str, Host] = collections.OrderedDict()
        self._probes = threading.BoundedSemaphore(
            max(1, self._conf.console_rpc.max_concurrent_calls // 2)
        )
        self._deadlines: dict[object, float] = {}

    def _start_threads(self) -> None:
        options = self._conf.console_rpc
        self._executor = BoundedExecutor(
            options.max_concurrent_calls, 'console-rpc', self.MAX_HOSTS
        )
        self._lanes = Lanes(
            self._executor, options.max_calls_per_host, self.MAX_WAITING_PER_HOST
        )

    def host(self, name: str) -> Host:
        self._fork.check()
        with self._hosts_lock:
            host = self._hosts.get(name)
            if host is None:
                host = self._hosts[name] = Host(self._probes)
            self._hosts.move_to_end(name)
            if len(self._hosts) > self.MAX_HOSTS:
                self._hosts.popitem(last=False)
            return host

    def submit(self, name: str, call: Callable[[], T]) -> futures.Future[T]:
        """Start a call to a compute host as soon as its lane allows it.

        :raises BusUnreachable: the last probe of the broker has failed
        :raises HostUnreachable: the host did not answer its last call
        :raises TooManyCalls:
        """
        self._fork.check()
        if time.monotonic() < self._refuses_until:
            raise exceptions.BusUnreachable
        if self.host(name).circuit.refuses():
            raise exceptions.HostUnreachable(name)
        try:
            return self._lanes.submit(name, call)
        except Busy:
            raise exceptions.TooManyCalls from None

    def is_crowded(self, name: str) -> bool:
        """Whether more calls to a compute host are waiting than may run."""
        max_running = int(self._conf.console_rpc.max_calls_per_host)
        return self._lanes.waiting(name) > max_running

    def is_well(self) -> bool:
        """Whether the calls of this process are answered, and none is stuck."""
        return not self._in_doubt and not self._has_stuck()

    def _has_stuck(self) -> bool:
        late = time.monotonic() - self.MARGIN_S
        answer = self._last_answer
        return any(
            answer < deadline < late for deadline in list(self._deadlines.values())
        )

    @contextlib.contextmanager
    def calling(self, deadline: float) -> Iterator[None]:
        """Register a call while it is in progress.

        :param deadline: of the call, on the monotonic clock, in seconds
        """
        call = object()
        self._deadlines[call] = deadline
        try:
            yield
        finally:
            del self._deadlines[call]

    def probe(self, deadline: float) -> None:
        """Test whether a broker answers.  One thread tests; the others wait for it.

        A failed probe remains valid for as long as it took, so that waiting threads do
        not repeat it one after the other.

        :param deadline: on the monotonic clock, in seconds
        :raises BusUnreachable: no broker answers
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
        """The last time that a call was not answered or the bus failed.

        On the monotonic clock; minus infinity for never.
        """
        return self._last_failure

    def has_failed_since(self, moment: float) -> bool:
        """Whether the bus has failed since a time on the monotonic clock."""
        return self._last_breakdown >= moment

    def has_answered_since(self, moment: float) -> bool:
        """Whether any host has answered since a time on the monotonic clock.

        If so, the broker works: a call without an answer in this time is not a sign of
        a broken broker, and calls to other hosts need no probe.
        """
        return self._last_answer >= moment

    def failed(self) -> None:
        self._last_breakdown = self._last_failure = time.monotonic()
        self._in_doubt = True

    def answered(self, host: Host) -> None:
        """Record that a compute host has answered, so that the broker works."""
        self._last_answer = time.monotonic()
        self._in_doubt = False
        host.has_answered = True
        host.circuit.answered()

    def unanswered(self, name: str, host: Host, started: float) -> None:
        """Record that a compute host has not answered, although the broker worked.

        :param started: when the call was made, on the monotonic clock
        """
        # A restarting broker or host could be the cause, so queues may be missing now.
        self._last_failure = time.monotonic()
        if not self.has_answered_since(started):
            self._in_doubt = True
        host.circuit.unanswered()
        self._lanes.fail_waiting(name, exceptions.HostUnreachable(name))

    def connect(self) -> oslo_messaging.RPCClient:
        self._fork.check()
        if self._client is not None:
            return self._client
        with self._lock:
            if self._client is None:
                self._transport = transport.connect(self._conf, self._url)
                self._client = oslo_messaging.get_rpc_client(
                    self._transport,
                    oslo_messaging.Target(
                        topic=transport.TOPIC, version=transport.VERSION
                    ),
                    transport_options=oslo_messaging.TransportOptions(
                        # The broker reports immediately that a host has no queue.
                        at_least_once=True
                    ),
                )
            return self._client

    def close(self, timeout_s: float = _CLOSE_S) -> None:
        """Close the connections, and let the threads end.

        :param timeout_s: how long to wait for the broker; 0 to close them in the
            background
        """
        transport.disconnect(self.disown(), timeout_s)

    def disown(self) -> list[oslo_messaging.transport.RPCTransport]:
        """Give up the connections and the threads; the next call makes new ones.

        :returns: the transport to disconnect, or an empty list
        """
        self._fork.check()
        with self._lock:
            connected, self._transport, self._client = self._transport, None, None
            executor = self._executor
            self._start_threads()
        executor.shutdown(wait=False, cancel_futures=True)
        return [] if connected is None else [connected]


class Buses:
    """The buses in use: one for each cell in a large cloud, otherwise one."""

    # More than any cloud has cells.  At this limit the least recently used is closed.
    MAX_BUSES = 100

    def __init__(self, conf: cfg.ConfigOpts):
        self._conf = conf
        self._lock = threading.Lock()
        self._buses: collections.OrderedDict[str | None, Bus] = (
            collections.OrderedDict()
        )

    def get(self, url: str | None) -> Bus:
        """
        :param url: oslo.messaging's URL of the bus; None for the configured bus
        """
        dropped = None
        with self._lock:
            bus = self._buses.get(url)
            if bus is None:
                bus = self._buses[url] = Bus(self._conf, url)
            self._buses.move_to_end(url)
            if len(self._buses) > self.MAX_BUSES:
                _, dropped = self._buses.popitem(last=False)
        if dropped is not None:
            # In the background, so that the caller does not wait for this bus.
            dropped.close(timeout_s=0)
        return bus

    def close(self) -> None:
        """Close the connections of all buses; the next call connects again."""
        with self._lock:
            buses = list(self._buses.values())
        transport.disconnect(
            [connected for bus in buses for connected in bus.disown()], _CLOSE_S
        )
