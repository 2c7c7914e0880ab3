# SPDX-License-Identifier: Apache-2.0
"""Writes the configuration files of the demo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PROJECT = 'aaaaaaaa00004000800000000000000a'

_CONFIGURATION = """\
[DEFAULT]
host = demo-host
transport_url = fake:/
log_file = {log}
default_log_levels = alembic=WARNING,oslo_messaging=WARNING

[api]
auth_strategy = noauth
listen_port = {api_port}
noauth_project_id = {project}

[database]
connection = sqlite:///{directory}/console_ext.db

[serial_console]
enabled = true
serialproxy_port = {serial_port}
base_url = ws://127.0.0.1:{serial_port}/

[spice]
enabled = true
html5proxy_port = {spice_port}
html5proxy_base_url = http://127.0.0.1:{spice_port}/spice_auto.html

[vnc]
novncproxy_port = {vnc_port}
novncproxy_base_url = http://127.0.0.1:{vnc_port}/vnc_lite.html
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of the demo on 127.0.0.1."""

    api: int
    serial: int
    spice: int
    vnc: int


def server(number: int, name: str, **values: Any) -> dict[str, Any]:
    """Return an inventory entry for a server of the demo."""
    return {
        'id': f'00000000-0000-4000-8000-{number:012}',
        'name': name,
        'project_id': PROJECT,
        'user_id': 'demo',
        'host': 'demo-host',
        **values,
    }


def log_of(directory: Path) -> Path:
    """Return the path of the log file."""
    return directory / 'console_ext.log'


def write(directory: Path, ports: Ports, servers: list[dict[str, Any]]) -> Path:
    """Write the configuration and the inventory; return the configuration's path."""
    config_file = directory / 'console_ext.conf'
    config_file.write_text(
        _CONFIGURATION.format(
            api_port=ports.api,
            serial_port=ports.serial,
            spice_port=ports.spice,
            vnc_port=ports.vnc,
            project=PROJECT,
            directory=directory,
            log=log_of(directory),
        )
    )
    (directory / 'inventory.yaml').write_text(yaml.safe_dump({'servers': servers}))
    return config_file
