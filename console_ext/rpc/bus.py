# SPDX-License-Identifier: Apache-2.0
"""The message buses that a client speaks on, and what it knows of each."""

from __future__ import annotations

import collections
import os
import threading
import time

import oslo_messaging
from oslo_config import cfg

from console_ext.rpc import transport


class Bus:
    """One message bus; connected when it is first needed, in each process anew.

    :param url: oslo.messaging's; None for the configured one
    """

    MAX_KNOWN_HOSTS = 10_000

    def __init__(self, conf: cfg.ConfigOpts, url: str | None):
        self._conf = conf
        self._url = url
        self._lock = threading.Lock()
        self._client: oslo_messaging.RPCClient | None = None
        self._transport: oslo_messaging.transport.RPCTransport | None = None
        self._pid: int | None = None
        # Before the first call nothing is known of the broker, as after a failure.
        self._in_doubt = True
        self._last_failure = float('-inf')
        self._known_hosts: set[str] = set()

    def is_well(self) -> bool:
        """Whether the last call of this process was answered."""
        return not self._in_doubt and self._pid == os.getpid()

    def listens(self, deadline: float) -> bool:
        """Whether its broker accepts a connection.

        :param deadline: on the monotonic clock, in seconds
        :raises oslo_messaging.InvalidTransportURL:
        """
        return transport.broker_listens(self._conf, deadline, self._url)

    @property
    def last_failure(self) -> float:
        """When, on the monotonic clock; minus infinity for never."""
        return self._last_failure

    def failed(self) -> None:
        self._in_doubt = True
        self._last_failure = time.monotonic()

    def answered(self, host: str) -> None:
        """A compute host has, so the broker is well."""
        self._in_doubt = False
        if len(self._known_hosts) < self.MAX_KNOWN_HOSTS:
            self._known_hosts.add(host)

    def knows(self, host: str) -> bool:
        """Whether that host has ever answered."""
        return host in self._known_hosts

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

    def close(self) -> None:
        """Drop the connections, if there are any."""
        with self._lock:
            connected, self._transport, self._client = self._transport, None, None
        if connected is not None:
            connected.cleanup()


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
            dropped.close()
        return bus

    def close(self) -> None:
        """Drop the connections of all; each connects again when it is used."""
        with self._lock:
            buses = list(self._buses.values())
        for bus in buses:
            bus.close()
