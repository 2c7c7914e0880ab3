# SPDX-License-Identifier: Apache-2.0
"""How a peer that is gone without a word is found."""

from __future__ import annotations

import socket

_IDLE_S = 60
_INTERVAL_S = 20
_PROBES = 3

GONE_S = _IDLE_S + _INTERVAL_S * _PROBES


def switch_on(connection: socket.socket) -> None:
    """End the connection when the peer's TCP has not answered for :data:`GONE_S`."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _INTERVAL_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)


def limit_unacknowledged(connection: socket.socket, seconds: float) -> None:
    """End the connection when what is sent is not acknowledged for so long.

    Keepalive probes nothing while sent bytes are on their way, and TCP by itself sends
    them again for a quarter of an hour (Linux, ``tcp_retries2``).
    """
    connection.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000)
    )
