# SPDX-License-Identifier: Apache-2.0
"""Listeners of a configuration with prefixes in its base URLs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from console_ext.proxy.consoles import assets
from console_ext.proxy.consoles import serial as serial_console


@pytest.fixture
def serial(deployment, tmp_path):
    """The serial listener of a configuration with prefixes in its base URLs."""
    deployment.configure(
        serial_console={'serialproxy_port': 0, 'base_url': 'wss://a.example/serial/'},
        spice={
            'html5proxy_base_url': 'https://a.example/spice/spice_auto.html',
            'html5proxy_web': tmp_path,
        },
        vnc={
            'novncproxy_base_url': 'https://a.example/vnc/vnc_lite.html',
            'novncproxy_web': tmp_path,
        },
    )
    return serial_console.listener(deployment.conf())


def copy_pages(target: Path) -> None:
    """Copy our pages, without what the build has fetched."""
    ignore = shutil.ignore_patterns(assets.FETCHED)
    shutil.copytree(assets.directory(), target, ignore=ignore)
