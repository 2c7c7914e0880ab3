# SPDX-License-Identifier: Apache-2.0
"""The sockets that listen on the ports."""

from __future__ import annotations

import socket

from console_ext import exceptions
from console_ext.proxy.consoles.listener import Listener

_BACKLOG = 1024


def bind(listener: Listener, count: int = 1) -> list[socket.socket]:
    """Sockets that listen on a listener's port, one for each of ``count`` processes.

    With one socket each, the kernel spreads the connections over the processes; and a
    process that takes a dead one's place takes its socket, and what waits in it.

    :raises ConfigurationError: the port is taken, or the address is not this machine's
    """
    host, port = listener.host, listener.port
    bound: list[socket.socket] = []
    try:
        for _ in range(count):
            bound.append(_listening(host, port, shared=count > 1))
            # Port 0 is any free one, but the same for all.
            port = bound[0].getsockname()[1]
    except OSError as error:
        for one in bound:
            one.close()
        raise exceptions.ConfigurationError(
            f'cannot listen on {host} port {port}: {error.strerror}'
        ) from None
    return bound


def _listening(host: str, port: int, *, shared: bool) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # asyncio turns Nagle's delay off only where the protocol number is given.
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
