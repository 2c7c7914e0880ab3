# SPDX-License-Identifier: Apache-2.0
"""What a port serves."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from console_ext import exceptions
from console_ext.proxy import listener as listeners
from console_ext.rpc.server import access_url


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


@pytest.mark.parametrize(
    ('base_url', 'more'),
    [
        ('wss://a.example', set()),
        ('wss://a.example/serial', {'/serial'}),
        ('wss://a.example/a/serial', {'/a/serial', '/a/', '/a/websockify'}),
        ('wss://a.example/serial?x=y', {'/serial'}),
        ('wss://a.example/websockify', set()),
    ],
)
def test_url_without_a_slash_at_its_end(deployment, base_url, more):
    """It leads to a console all the same, as the agent makes it of its base URL."""
    deployment.configure(serial_console={'base_url': base_url})
    serial = listeners.from_conf(deployment.conf())[0]
    assert set(serial.cookie_paths) == {'/', '/websockify', *more}
    assert serial.cookie_paths['/websockify'] is True
    url = urlsplit(access_url(base_url, 'token'))
    assert (url.path or '/') in serial.cookie_paths


@pytest.mark.parametrize('path', ['', '/', '/spice', '/spice/', '/spice_auto.html/'])
def test_url_without_the_page(deployment, caplog, path):
    """It is said at the start: the proxy has no other page of a SPICE console."""
    base_url = f'https://a.example{path}'
    deployment.configure(spice={'html5proxy_base_url': base_url})
    listeners.from_conf(deployment.conf())
    said = [one for one in caplog.messages if 'html5proxy_base_url' in one]
    assert len(said) == 1
    assert '/spice_auto.html' in said[0]
    caplog.clear()
    base_url = 'https://a.example/below/spice_auto.html?x=y'
    deployment.configure(spice={'html5proxy_base_url': base_url})
    listeners.from_conf(deployment.conf())
    assert 'html5proxy_base_url' not in caplog.text


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
