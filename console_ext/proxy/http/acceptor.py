# SPDX-License-Identifier: Apache-2.0
"""Takes connections from a listening socket and hands them to their protocols.

The servers of asyncio and uvloop are not used.  They listen again with a backlog of
their own, they tell nobody of a connection before its TLS handshake is complete, and
they do not cope with running out of descriptors: asyncio's logs without end, uvloop's
closes the new connections.
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

# Connections taken in one turn of the event loop.  The clients that are here already
# have their turn before more are taken, however many come at once.
AT_ONCE = 16

# How long new clients are left in the kernel's queue where there is no room for them.
REST_S = 0.005

# How often the log says that no connection can be accepted, while that lasts.
REPORT_S = 60.0


class Acceptor:
    """Accepts connections from :meth:`begin` to :meth:`close`.

    :param name: the listener's, for the log
    :param listening: a socket that listens and does not block; it is closed at the end
    :param protocol: makes the protocol of a connection
    :param context: None is plain TCP
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
                # How long an end of TLS is waited for; else it is half a minute.
                'ssl_shutdown_timeout': CLOSE_S,
            }
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._rest: asyncio.TimerHandle | None = None
        self._reported: float | None = None

    def begin(self) -> None:
        self._rest = None
        self._loop.add_reader(self._listening, self._accept)

    def close(self) -> None:
        """Stop listening: the connections that are not accepted yet are refused."""
        if self._rest is not None:
            self._rest.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _accept(self) -> None:
        self._connections.turn()
        for _ in range(AT_ONCE):
            if not self._connections.has_room():
                self._pause()
                return
            try:
                connected, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                # The client has left the queue.
                continue
            except OSError as error:
                reason = error.strerror or str(error)
            else:
                Accepted(
                    connected, self._protocol, self._tls, self._connections
                ).begin()
                continue
            # Usually no descriptor is free (accept(2): EMFILE, ENFILE).
            self._report(reason)
            self._connections.make_room()
            self._pause()
            return

    def _pause(self) -> None:
        self._loop.remove_reader(self._listening)
        self._rest = self._loop.call_later(REST_S, self.begin)

    def _report(self, reason: str) -> None:
        now = self._loop.time()
        if self._reported is not None and now - self._reported < REPORT_S:
            return
        self._reported = now
        LOG.error(
            'Cannot accept %s clients, which wait until it is possible: %s. Raise the '
            'limit of open files, now %d, or lower [console_proxy] max_sessions.',
            self._name,
            reason,
            resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        )


class Accepted:
    """A connection that has no protocol yet: its TLS handshake is under way.

    :param tls: options of the event loop; none is plain TCP
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
            # The client has left, or does not speak TLS, or is too slow.
            self._connected.close()
            return
        self._connections.leave(self)
        if self._aborted:
            transport.abort()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._connections.leave(self)
        if task.cancelled():
            # Before it began, nobody else would close it.
            self._connected.close()

    def abort(self) -> None:
        self._connections.leave(self)
        self._aborted = True
        # Without TLS the protocol has it soon.  uvloop, interrupted in handing it over,
        # would not tell the protocol that it has lost its connection.
        if self._tls and self._task is not None:
            self._task.cancel()

    def stop(self) -> None:
        self.abort()
