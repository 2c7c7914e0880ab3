# SPDX-License-Identifier: Apache-2.0
"""Accepts connections from a listening socket and hands them to their protocols.

The servers of asyncio and uvloop are not used, for three reasons: they call listen()
again with their own backlog, they do not report a connection before its TLS handshake
is complete, and they handle a lack of file descriptors badly (asyncio logs without
end, uvloop closes the new connections).
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from console_ext.proxy.http.connections import Connections
from console_ext.proxy.relay.peer import CLOSE_S

LOG = logging.getLogger(__name__)

# Connections accepted in one iteration of the event loop.  So the clients that are
# connected get their turn even if very many connect at once.
MAX_PER_ITERATION = 16

# How long new clients stay in the kernel's queue when there is no room for them.
PAUSE_S = 0.005

# Interval of the log message while no connection can be accepted.
REPORT_S = 60.0


class Acceptor:
    """Accepts connections from :meth:`begin` to :meth:`close`.

    :param name: of the listener, for the log
    :param listening: a listening, non-blocking socket; :meth:`close` closes it
    :param protocol: creates the protocol of a connection
    :param context: None for plain TCP
    :param handshake_s: how long a client has for the TLS handshake
    """

    def __init__(
        self,
        name: str,
        listening: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext | None,
        handshake_s: float,
        connections: Connections,
    ):
        self._name = name
        self._listening = listening
        self._protocol = protocol
        self._tls: dict[str, Any] = {}
        if context is not None:
            self._tls = {
                'ssl': context,
                'ssl_handshake_timeout': handshake_s,
                # How long to wait for the client's close_notify; the default is 30 s.
                'ssl_shutdown_timeout': CLOSE_S,
            }
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._pause_timer: asyncio.TimerHandle | None = None
        self._reported: float | None = None

    def begin(self) -> None:
        self._pause_timer = None
        self._loop.add_reader(self._listening, self._accept)

    def close(self) -> None:
        """Stop listening; connections that are not accepted yet are refused."""
        if self._pause_timer is not None:
            self._pause_timer.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _accept(self) -> None:
        self._connections.turn()
        for _ in range(MAX_PER_ITERATION):
            if not self._connections.has_room():
                self._pause()
                return
            try:
                connected, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                # The client disconnected while it was in the queue.
                continue
            except OSError as error:
                reason = error.strerror or str(error)
            else:
                Accepted(
                    connected, self._protocol, self._tls, self._connections
                ).begin()
                continue
            # Usually no file descriptor is free (accept(2): EMFILE, ENFILE).
            self._report(reason)
            self._connections.make_room()
            self._pause()
            return

    def _pause(self) -> None:
        self._loop.remove_reader(self._listening)
        self._pause_timer = self._loop.call_later(PAUSE_S, self.begin)

    def _report(self, reason: str) -> None:
        now = self._loop.time()
        if self._reported is not None and now - self._reported < REPORT_S:
            return
        self._reported = now
        LOG.error(
            'Cannot accept %s clients: %s. They wait until it is possible. Raise the '
            'limit of open files, now %d, or lower [console_proxy] max_sessions.',
            self._name,
            reason,
            resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        )


class Accepted:
    """An accepted connection during its TLS handshake, before it has a protocol.

    :param tls: arguments for the event loop; empty for plain TCP
    """

    def __init__(
        self,
        connected: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        tls: Mapping[str, Any],
        connections: Connections,
    ):
        self._connected = connected
        self._protocol = protocol
        self._tls = tls
        self._connections = connections
        self._task: asyncio.Task[None] | None = None
        self._aborted = False

    def begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._hand_over())
        self._task.add_done_callback(self._done)
        self._connections.wait(self)

    async def _hand_over(self) -> None:
        try:
            transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
                self._protocol, self._connected, **self._tls
            )
        except OSError:
            # The client disconnected, does not speak TLS, or is too slow.
            self._connected.close()
            return
        self._connections.leave(self)
        if self._aborted:
            transport.abort()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._connections.leave(self)
        if task.cancelled():
            # If the task had not started, nothing else closes the socket.
            self._connected.close()

    def abort(self) -> None:
        self._connections.leave(self)
        self._aborted = True
        # Without TLS, do not cancel: the handover is short, and uvloop, if interrupted,
        # would not call the protocol's connection_lost.
        if self._tls and self._task is not None:
            self._task.cancel()

    def stop(self) -> None:
        self.abort()
