# SPDX-License-Identifier: Apache-2.0
"""What the listeners serve."""

from __future__ import annotations

from console_ext.proxy.consoles import SERVED, listeners


def test_types(deployment):
    """Each served type has a listener with the title of the type."""
    found = listeners(deployment.conf())
    assert [(one.console_type, one.name) for one in found] == [
        (one.type, one.title) for one in SERVED
    ]


def test_prefixes(deployment, serial):
    """Paths work with and without the prefix: a reverse proxy may remove it."""
    assert serial.cookie_paths == {
        '/': False,
        '/websockify': True,
        '/serial/': False,
        '/serial/websockify': True,
    }
    assert set(listeners(deployment.conf())[1].pages) == {
        '/healthcheck',
        '/spice_auto.html',
        '/spice/healthcheck',
        '/spice/spice_auto.html',
    }
    assert set(listeners(deployment.conf())[2].pages) == {
        f'{prefix}/{page}'
        for prefix in ('', '/vnc')
        for page in ('healthcheck', 'vnc.html', 'vnc_auto.html', 'vnc_lite.html')
    }


def test_no_prefix(deployment):
    """The usual case."""
    serial, spice, vnc = listeners(deployment.conf())
    for one in (serial, spice):
        assert one.cookie_paths == {'/': False, '/websockify': True}
    assert set(vnc.cookie_paths) == {
        '/',
        '/websockify',
        '/vnc_lite.html',
        '/vnc_auto.html',
        '/vnc.html',
    }
