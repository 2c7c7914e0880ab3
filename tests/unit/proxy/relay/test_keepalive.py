# SPDX-License-Identifier: Apache-2.0
"""Detecting a peer that is gone without closing the connection."""

from __future__ import annotations

import socket

from console_ext.proxy.relay import keepalive


def test_on_a_socket():
    """After 60 s of silence, three probes at intervals of 20 s."""
    with socket.socket() as connection:
        keepalive.switch_on(connection)
        options = (
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60),
            (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 20),
            (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
            (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 0),
        )
        for level, option, value in options:
            assert connection.getsockopt(level, option) == value
    assert keepalive.GONE_S == 120


def test_what_is_not_acknowledged():
    """The kernel's option is in milliseconds."""
    with socket.socket() as connection:
        keepalive.limit_unacknowledged(connection, 1.5)
        option = socket.TCP_USER_TIMEOUT
        assert connection.getsockopt(socket.IPPROTO_TCP, option) == 1500


def test_more_than_the_kernel_can_count():
    """As long as the kernel can, 24 days."""
    with socket.socket() as connection:
        keepalive.limit_unacknowledged(connection, 1e9)
        option = socket.TCP_USER_TIMEOUT
        assert connection.getsockopt(socket.IPPROTO_TCP, option) == 2**31 - 1
