# SPDX-License-Identifier: Apache-2.0
"""A virtual machine, a browser, and the proxy between them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from console_ext import access_url
from console_ext.consoles import NOVNC
from console_ext.proxy.consoles import assets
from tests.functional.proxy.conftest import (  # noqa: F401
    BASE,
    Served,
    modules,
    novnc,
    served,
    trusting,
)
from tests.integration.proxy import chromium
from tests.integration.proxy.machine import Machine
from tests.integration.proxy.parts import SPICE_HTML5, needed
from tests.parts.programs import free_port


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    yield made
    made.close()


@pytest.fixture
def proxy(deployment, request):
    """The proxy, with its own addresses as base URLs."""
    port, vnc_port = free_port(), free_port()
    made = Served(deployment, needed(str(SPICE_HTML5)))
    deployment.configure(
        spice={
            'html5proxy_port': port,
            'html5proxy_base_url': f'http://127.0.0.1:{port}/spice_auto.html',
        },
        vnc={
            'novncproxy_port': vnc_port,
            'novncproxy_base_url': f'http://127.0.0.1:{vnc_port}/vnc_lite.html',
        },
        console_proxy={**BASE['console_proxy'], **getattr(request, 'param', {})},
        console_rpc={'timeout': 20},
    )
    yield made.start()
    made.stop()


@pytest.fixture
def page(proxy, machine):
    """A function that returns the URL of the machine's screen, with a new token."""

    def url(**values):
        values.setdefault('port', machine.spice_port)
        token = proxy.token(console_type='spice-html5', **values)
        return f'{proxy.proxy.url("SPICE")}/spice_auto.html?token={token}'

    return url


@pytest.fixture
def vnc_page(proxy, request):
    """A function that makes the URL of a VNC console, as Nova does.

    It is that of the machine, where no port says otherwise.
    """
    needed(str(assets.directory() / assets.FETCHED / assets.STAMP))

    def url(**values):
        if 'port' not in values:
            values['port'] = request.getfixturevalue('machine').vnc_port
        token = proxy.token(console_type='novnc', **values)
        return access_url.build(
            proxy.deployment.conf().vnc.novncproxy_base_url, NOVNC, token
        )

    return url


@pytest.fixture
def serial(deployment, tmp_path, request):
    """A proxy that serves the page of serial consoles at its own address."""
    needed(str(assets.directory() / assets.FETCHED / assets.STAMP))
    port = free_port()
    made = Served(deployment, tmp_path)
    base_url = f'ws://127.0.0.1:{port}/'
    deployment.configure(
        serial_console={'serialproxy_port': port, 'base_url': base_url},
        console_proxy={**BASE['console_proxy'], **getattr(request, 'param', {})},
        console_rpc={'timeout': 20},
    )
    yield made.start()
    made.stop()


@pytest.fixture
def browser(tmp_path):
    """A headless Chromium with a new profile."""
    driver = chromium.start(tmp_path / 'profile')
    yield driver
    driver.quit()


@pytest.fixture
def artefacts(tmp_path):
    """The directory for screenshots: that of ARTEFACTS, which CI keeps."""
    directory = Path(os.environ.get('ARTEFACTS', tmp_path))
    directory.mkdir(parents=True, exist_ok=True)
    return directory
