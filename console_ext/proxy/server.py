# SPDX-License-Identifier: Apache-2.0
"""Runs the listeners in an event loop in its own thread."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from oslo_config import cfg

from console_ext import exceptions
from console_ext.proxy import descriptors, tls
from console_ext.proxy.admission.checks import Admission
from console_ext.proxy.admission.compute import ComputeHosts
from console_ext.proxy.admission.interfaces import PortCheck, Store
from console_ext.proxy.admission.leases import Leases, heartbeat_s
from console_ext.proxy.admission.limits import Limits
from console_ext.proxy.consoles import listeners
from console_ext.proxy.consoles import sockets as listening
from console_ext.proxy.descriptors import Shares
from console_ext.proxy.http.acceptor import Acceptor
from console_ext.proxy.http.connection import Connection, Settings
from console_ext.proxy.http.connections import Connections
from console_ext.proxy.networks import Networks
from console_ext.proxy.pulse import BEAT_S
from console_ext.proxy.relay.connector import Connector
from console_ext.proxy.relay.memory import Room
from console_ext.proxy.relay.timeouts import Timing
from console_ext.proxy.sessions import Sessions
from console_ext.rpc import cells

LOG = logging.getLogger(__name__)

# The time for clients to answer the close frame when the proxy stops.
_CLOSE_S = 1.5

# The same after hasten().
_HASTY_CLOSE_S = 0.3

# The time to release the sessions in the store when the proxy stops.
_RELEASE_S = 1.5

# The time for everything after the drain when the proxy stops.
_END_S = 5.0

# Longer than the compute client's own timeout, whose error has more information.
_COMPUTE_SLACK_S = 1.0


class Proxy:
    """Serves consoles in a thread, from :meth:`start` to :meth:`stop`.

    :param sockets: listening sockets that are already bound, by the listener's name;
        the proxy closes them
    :param beat: called by the event loop every ``pulse.BEAT_S`` seconds, if it is given
    :raises ConfigurationError: an option is invalid
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        store: Store,
        port_check: PortCheck,
        sockets: Mapping[str, socket.socket] | None = None,
        beat: Callable[[], None] | None = None,
    ):
        options = conf.console_proxy
        self._conf = conf
        self._store = store
        self._hosts = ComputeHosts(
            port_check,
            cells.buses(conf),
            conf.console_rpc.timeout + _COMPUTE_SLACK_S,
        )
        self._listeners = listeners(conf)
        self._sockets = dict(sockets or {})
        self._beat = beat
        self._heartbeat_s = heartbeat_s(conf)
        self._tls = tls.context(conf)
        self._settings = Settings(
            options.handshake_timeout,
            options.max_frame_bytes,
            Networks(options.trusted_proxies, '[console_proxy] trusted_proxies'),
        )
        self._allowed = Networks(
            options.allowed_targets, '[console_proxy] allowed_targets'
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._haste: asyncio.Event | None = None
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(
            target=self._run, name='console-proxy', daemon=True
        )

    def start(self) -> None:
        """Start to listen, and return when the proxy accepts connections.

        :raises ConfigurationError: a port is in use
        """
        try:
            for one in self._listeners:
                if one.name not in self._sockets:
                    self._sockets[one.name] = listening.bind(one)[0]
        except exceptions.ConfigurationError:
            for bound in self._sockets.values():
                bound.close()
            raise
        for one in self._listeners:
            LOG.info('Listening for %s consoles on %s', one.name, self.url(one.name))
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            raise self._failure

    def address(self, name: str) -> tuple[str, int]:
        """Return the address of a listener, such as ``SPICE``, after the start."""
        host, port = self._sockets[name].getsockname()[:2]
        return host, port

    def url(self, name: str) -> str:
        host, port = self.address(name)
        scheme = 'http' if self._tls is None else 'https'
        return (
            f'{scheme}://[{host}]:{port}'
            if ':' in host
            else f'{scheme}://{host}:{port}'
        )

    def reload(self) -> None:
        """Reload the certificates; an invalid one changes nothing."""
        if self._loop is not None:
            # In the event loop's thread, so that no handshake uses a new certificate
            # with an old key.
            self._loop.call_soon_threadsafe(self._reload)

    def _reload(self) -> None:
        reloads = [one.consoles.reload for one in self._listeners]
        if self._tls is not None:
            reloads.append(functools.partial(tls.reload, self._tls, self._conf))
        for reload in reloads:
            try:
                reload()
            except exceptions.ConfigurationError as error:
                LOG.error('The previous certificate stays in force: %s', error)

    def stop(self) -> None:
        """Accept no more connections, end the sessions, and return.

        This takes at most ``[console_proxy] drain_timeout`` and a few seconds.
        """
        self._set(self._stop)
        if self._thread.is_alive():
            self._thread.join(self._conf.console_proxy.drain_timeout + _END_S)

    def hasten(self) -> None:
        """Close the sessions of a stopping proxy now, without waiting for them."""
        self._set(self._haste)

    def _set(self, event: asyncio.Event | None) -> None:
        if self._loop is not None and event is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(event.set)

    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self._serve())
        except BaseException as error:
            self._failure = error
            if self._started.is_set():
                LOG.exception('The proxy has failed')
        finally:
            self._started.set()

    async def _serve(self) -> None:
        options = self._conf.console_proxy
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        shares = descriptors.of_this_process()
        self._haste = asyncio.Event()
        leases = Leases(self._store, options.threads, options.store_timeout)
        connector = Connector(self._allowed, options.connect_timeout)
        admission = Admission(
            leases,
            Limits(
                {
                    'proxy': _max_sessions(options.max_sessions, shares),
                    'client': options.max_sessions_per_client,
                    'server': options.max_sessions_per_server,
                    'project': options.max_sessions_per_project,
                }
            ),
            self._hosts,
            connector,
        )
        sessions = Sessions(
            admission,
            leases,
            Timing(options.ping_interval, options.ping_timeout, options.idle_timeout),
            Room(options.max_unsent_bytes, options.max_unsent_bytes_per_project),
        )
        connections = Connections(shares.waiting)
        acceptors = [
            Acceptor(
                one.name,
                self._sockets[one.name],
                functools.partial(
                    Connection, one, self._settings, admission, sessions, connections
                ),
                self._tls,
                self._settings.handshake_s,
                connections,
            )
            for one in self._listeners
        ]
        for acceptor in acceptors:
            acceptor.begin()
        tasks = [
            self._loop.create_task(leases.beat(self._heartbeat_s)),
            self._loop.create_task(
                leases.sweep(self._conf.console_tokens.purge_interval)
            ),
        ]
        if self._beat is not None:
            tasks.append(self._loop.create_task(_beat_forever(self._beat)))
        self._started.set()
        await self._stop.wait()
        for acceptor in acceptors:
            acceptor.close()
        connections.stop()
        await _drain(sessions, options.drain_timeout, self._haste)
        await connections.empty()
        for task in tasks:
            task.cancel()
        await leases.told(_RELEASE_S)
        leases.close()
        connector.close()


async def _beat_forever(beat: Callable[[], None]) -> None:
    while True:
        beat()
        await asyncio.sleep(BEAT_S)


async def _drain(sessions: Sessions, grace_s: float, haste: asyncio.Event) -> None:
    """
    :param haste: ends the grace when it is set
    """
    draining = asyncio.create_task(sessions.drain(grace_s, _CLOSE_S))
    hastening = asyncio.create_task(haste.wait())
    await asyncio.wait({draining, hastening}, return_when=asyncio.FIRST_COMPLETED)
    hastening.cancel()
    if not draining.done():
        draining.cancel()
        await sessions.drain(0, _HASTY_CLOSE_S)


def _max_sessions(configured: int, shares: Shares) -> int:
    """
    :param configured: 0 for no limit
    """
    if 0 < configured <= shares.sessions:
        return configured
    LOG.warning(
        'The limit of %d open files allows only %d sessions, but [console_proxy] '
        'max_sessions is %d. Raise the limit of open files.',
        shares.limit,
        shares.sessions,
        configured,
    )
    return shares.sessions


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        uvloop: Any = importlib.import_module('uvloop')
    except ImportError:
        return asyncio.new_event_loop
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
