# SPDX-License-Identifier: Apache-2.0
"""What a port serves."""

from __future__ import annotations

import socket

import pytest

from console_ext import exceptions
from console_ext.proxy import listener as listeners


@pytest.fixture
def serial(deployment, tmp_path):
    """The serial listener of a configuration with prefixes in its base URLs."""
    deployment.configure(
        serial_console={'serialproxy_port': 0, 'base_url': 'wss://a.example/serial/'},
        spice={
            'html5proxy_base_url': 'https://a.example/spice/spice_auto.html',
            'html5proxy_web': tmp_path,
        },
    )
    return listeners.from_conf(deployment.conf())[0]


def test_prefixes(deployment, serial):
    """Paths are known with and without: a reverse proxy may take it off or leave it."""
    assert serial.cookie_paths == {
        '/': False,
        '/websockify': True,
        '/serial/': False,
        '/serial/websockify': True,
    }
    assert set(listeners.from_conf(deployment.conf())[1].pages) == {
        '/healthcheck',
        '/spice_auto.html',
        '/spice/healthcheck',
        '/spice/spice_auto.html',
    }


def test_no_prefix(deployment):
    """The usual case."""
    for one in listeners.from_conf(deployment.conf()):
        assert one.cookie_paths == {'/': False, '/websockify': True}


def test_sockets_for_several_processes(serial):
    """All of them on one port."""
    bound = listeners.bind(serial, 3)
    ports = {one.getsockname()[1] for one in bound}
    assert len(ports) == 1
    assert {one.proto for one in bound} == {socket.IPPROTO_TCP}
    for one in bound:
        one.close()


def test_a_port_that_is_taken(deployment, serial):
    """The start ends with one line."""
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        deployment.configure(serial_console={'serialproxy_port': port})
        one = listeners.from_conf(deployment.conf())[0]
        with pytest.raises(exceptions.ConfigurationError, match='cannot listen on'):
            listeners.bind(one)
