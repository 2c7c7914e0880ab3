# SPDX-License-Identifier: Apache-2.0
"""A configuration directory as an operator would write it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from oslo_config import cfg

from console_ext import conf as config

PROJECT_A = 'aaaaaaaa00004000800000000000000a'
PROJECT_B = 'bbbbbbbb00004000800000000000000b'

ETC = Path(__file__).parents[2] / 'etc' / 'console_ext'


def server_id(number: int | str) -> str:
    """Return the id of a usual server: the two hex digits at its end vary."""
    return f'00000000-0000-4000-8000-{number:0>12}'


def server(number: int | str, **changes: Any) -> dict[str, Any]:
    """A running server of project A on compute-1, with each kind of console.

    :param changes: other values; None leaves the key out
    """
    values: dict[str, Any] = {
        'id': server_id(number),
        'name': f'server-{number}',
        'project_id': PROJECT_A,
        'user_id': 'alice',
        'host': 'compute-1',
        'consoles': {
            'serial': {'host': '127.0.0.1', 'port': 10001},
            'spice': {'host': '127.0.0.1', 'port': 5901, 'tls_port': None},
            'vnc': {'host': '127.0.0.1', 'port': 5900},
        },
    }
    values.update(changes)
    return {key: value for key, value in values.items() if value is not None}


# The servers of the recorded answers of a real Nova.
SERVERS = [
    server('01'),
    server('02', project_id=PROJECT_B, user_id='bob'),
    server('03', host=None, vm_state='building'),
    server('04', vm_state='building'),
    server('05', task_state='deleting'),
    server('06', task_state='migrating'),
    server('07', consoles={}),
    server('08', host='ghost'),
    server('09', vm_state='stopped', power_state=4),
    server('0a', vm_state='error'),
    server('0b', vm_state='error', host=None),
    server('0c', vm_state='suspended', power_state=4),
    server('0d', locked=True),
    server('0e', vm_state='shelved_offloaded', host=None, power_state=4),
    server('0f', task_state='rebooting'),
]

# Writing YAML is slow, and nearly every test has these.
_INVENTORY = yaml.safe_dump({'servers': SERVERS})

CONFIGURATION: dict[str, dict[str, Any]] = {
    'DEFAULT': {'host': 'compute-1', 'transport_url': 'fake:/'},
    'api': {'auth_strategy': 'noauth', 'paste_config': ETC / 'api-paste.ini'},
    'console_rpc': {'timeout': 10},
    'inventory': {'check_interval': 0},
    'serial_console': {'enabled': True},
    'spice': {'enabled': True},
    # Tests of other consoles run proxies at the same time.
    'vnc': {'novncproxy_port': 0},
}


class Deployment:
    """
    :param path: the directory; it is filled with a configuration and an inventory
    """

    def __init__(self, path: Path):
        self.path = path
        self.config_file = path / 'console_ext.conf'
        self.inventory_file = path / 'inventory.yaml'
        self.policy_file = path / 'policy.yaml'
        self._configuration = copy.deepcopy(CONFIGURATION)
        self.configure()
        self.inventory_file.write_text(_INVENTORY)

    def configure(self, **groups: dict[str, Any]) -> Deployment:
        """Set options, given as a mapping for each group, and write the file."""
        for group, options in groups.items():
            self._configuration.setdefault(group, {}).update(options)
        lines = []
        for group, options in self._configuration.items():
            lines.append(f'[{group}]')
            lines += [f'{name} = {value}' for name, value in options.items()]
        self.config_file.write_text('\n'.join(lines) + '\n')
        return self

    def write_inventory(self, servers: list[dict[str, Any]]) -> None:
        self.inventory_file.write_text(yaml.safe_dump({'servers': servers}))

    def write_policy(self, rules: dict[str, str]) -> None:
        self.policy_file.write_text(yaml.safe_dump(rules))

    def conf(self) -> cfg.ConfigOpts:
        """Read the configuration from the files."""
        return config.load([str(self.config_file)])
