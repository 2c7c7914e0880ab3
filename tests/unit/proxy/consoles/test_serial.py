# SPDX-License-Identifier: Apache-2.0
"""The listener of serial consoles."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from console_ext import access_url
from console_ext.consoles import SERIAL
from console_ext.proxy.consoles import serial


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
    """The URL works too: the agent appends the token to its base URL as it is."""
    deployment.configure(serial_console={'base_url': base_url})
    made = serial.listener(deployment.conf())
    assert set(made.cookie_paths) == {'/', '/websockify', *more}
    assert made.cookie_paths['/websockify'] is True
    url = urlsplit(access_url.build(base_url, SERIAL, 'token'))
    assert (url.path or '/') in made.cookie_paths
