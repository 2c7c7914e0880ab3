# SPDX-License-Identifier: Apache-2.0
"""TCP options that detect a peer that is gone without closing the connection."""

from __future__ import annotations

import socket

_IDLE_S = 60
_INTERVAL_S = 20
_PROBES = 3

GONE_S = _IDLE_S + _INTERVAL_S * _PROBES

# The kernel's option is an int.
_MAX_USER_TIMEOUT_MS = 2**31 - 1


def switch_on(connection: socket.socket) -> None:
    """Close the connection if the peer's TCP does not answer for :data:`GONE_S`."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _INTERVAL_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)


def limit_unacknowledged(connection: socket.socket, seconds: float) -> None:
    """Close the connection if sent data is not acknowledged for this time.

    Keepalive does not probe while sent data is unacknowledged, and TCP by itself
    retransmits for about 15 minutes (Linux, ``tcp_retries2``).  The time also limits
    how long a peer may leave its receive buffer full (tcp(7), TCP_USER_TIMEOUT).
    """
    milliseconds = int(min(seconds * 1000, _MAX_USER_TIMEOUT_MS))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
