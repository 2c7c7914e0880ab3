# SPDX-License-Identifier: Apache-2.0
"""Opens the listening sockets."""

from __future__ import annotations

import socket

from console_ext import exceptions
from console_ext.proxy.consoles.listener import Listener

_BACKLOG = 1024


def bind(listener: Listener, count: int = 1) -> list[socket.socket]:
    """Open sockets on a listener's port, one for each of ``count`` processes.

    With a socket for each process, the kernel spreads the connections over the
    processes.  A process that replaces a dead one takes over its socket, with the
    connections that wait in it.

    :raises ConfigurationError: the port is in use, or the address is not of this
        machine
    """
    host, port = listener.host, listener.port
    bound: list[socket.socket] = []
    try:
        for _ in range(count):
            bound.append(_listening(host, port, shared=count > 1))
            # Port 0 means any free port, but all sockets need the same.
            port = bound[0].getsockname()[1]
    except OSError as error:
        for opened in bound:
            opened.close()
        raise exceptions.ConfigurationError(
            f'cannot listen on {host} port {port}: {error.strerror}'
        ) from None
    return bound


def _listening(host: str, port: int, *, shared: bool) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # asyncio sets TCP_NODELAY only if the socket has the protocol number.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.setblocking(False)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening
