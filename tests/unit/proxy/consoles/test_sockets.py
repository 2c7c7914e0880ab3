# SPDX-License-Identifier: Apache-2.0
"""The sockets that listen on the ports."""

from __future__ import annotations

import socket

import pytest

from console_ext import exceptions
from console_ext.proxy.consoles import serial as serial_console
from console_ext.proxy.consoles import sockets


def test_sockets_for_several_processes(serial):
    """All of them have the same port."""
    bound = sockets.bind(serial, 3)
    ports = {one.getsockname()[1] for one in bound}
    assert len(ports) == 1
    assert {one.proto for one in bound} == {socket.IPPROTO_TCP}
    for one in bound:
        one.close()


def test_a_port_that_is_taken(deployment, serial):
    """The error is one line."""
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        deployment.configure(serial_console={'serialproxy_port': port})
        one = serial_console.listener(deployment.conf())
        with pytest.raises(exceptions.ConfigurationError, match='cannot listen on'):
            sockets.bind(one)
