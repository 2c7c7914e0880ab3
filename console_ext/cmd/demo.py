# SPDX-License-Identifier: Apache-2.0
"""console-ext-demo: the API and an agent in one process, to be tried by hand.

No broker, no database server, no keystone; the configuration is written to a directory
that goes at the end, and is what an operator would write.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import yaml

from console_ext.cmd import http_server, service
from console_ext.compute import base as compute
from console_ext.rpc.server import ComputeServer
from console_ext.wsgi import deploy

_PROJECT = 'aaaaaaaa00004000800000000000000a'

_CONFIGURATION = """\
[DEFAULT]
host = demo-host
transport_url = fake:/

[api]
auth_strategy = noauth
listen_port = {port}
noauth_project_id = {project}

[serial_console]
enabled = true

[spice]
enabled = true

[oslo_policy]
policy_file = policy.yaml
"""

_RUNNING = '00000000-0000-4000-8000-000000000001'
_STOPPED = '00000000-0000-4000-8000-000000000002'

_INVENTORY = {
    'servers': [
        {
            'id': _RUNNING,
            'name': 'web-1',
            'project_id': _PROJECT,
            'user_id': 'demo',
            'host': 'demo-host',
            'consoles': {
                'serial': {'host': '127.0.0.1', 'port': 10001},
                'spice': {'host': '127.0.0.1', 'port': 5901},
            },
        },
        {
            'id': _STOPPED,
            'name': 'db-1',
            'project_id': _PROJECT,
            'user_id': 'demo',
            'host': 'demo-host',
            'vm_state': 'stopped',
            'power_state': 4,
            'consoles': {'serial': {'host': '127.0.0.1', 'port': 10002}},
        },
    ]
}

_WELCOME = """\
console_ext demo: the API on {url}, its configuration in {path}.
Paste these into another terminal; Ctrl-C here ends the demo.

A serial console's URL:

  curl -s {url}/v2.1/servers/{running}/action \\
    -H 'Content-Type: application/json' \\
    -d '{{"os-getSerialConsole": {{"type": "serial"}}}}'

    {{"console": {{"type": "serial", "url": "ws://127.0.0.1:6083/?token=..."}}}}

The same by a stock client, serial and SPICE:

  openstack --os-auth-type none --os-endpoint {url}/v2.1 \\
    console url show --serial web-1
  openstack --os-auth-type none --os-endpoint {url}/v2.1 \\
    console url show --spice web-1

A server that is powered off, and one that asks as a reader only:

  curl -s {url}/v2.1/servers/{stopped}/action \\
    -H 'Content-Type: application/json' \\
    -d '{{"os-getSerialConsole": {{"type": "serial"}}}}'

    {{"conflictingRequest": {{"code": 409, "message": "Cannot ... vm_state stopped"}}}}

  curl -s {url}/v2.1/servers/{running}/action \\
    -H 'X-Auth-Token: rita:{project}:reader' \\
    -H 'Content-Type: application/json' \\
    -d '{{"os-getSPICEConsole": {{"type": "spice-html5"}}}}'

    {{"forbidden": {{"code": 403, "message": "Policy doesn't allow ..."}}}}
"""


def _parse(args: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='console-ext-demo', description='An API and an agent in one process.'
    )
    parser.add_argument(
        '--port', type=int, default=8774, help='port of the API on 127.0.0.1 (8774)'
    )
    return parser.parse_args(args)


def _write(directory: Path, port: int) -> Path:
    config_file = directory / 'console_ext.conf'
    config_file.write_text(_CONFIGURATION.format(port=port, project=_PROJECT))
    (directory / 'inventory.yaml').write_text(yaml.safe_dump(_INVENTORY))
    return config_file


def serve() -> None:
    options = _parse(sys.argv[1:])
    with (
        tempfile.TemporaryDirectory(prefix='console-ext-demo-') as directory,
        service.until_signalled() as stop,
    ):
        config_file = _write(Path(directory), options.port)
        conf = service.configure([], [str(config_file)])
        agent = ComputeServer(conf, compute.load(conf))
        api = http_server.HTTPServer(conf, deploy.load_app(conf))
        agent.start()
        api.start()
        print(
            _WELCOME.format(
                url=api.url,
                path=directory,
                running=_RUNNING,
                stopped=_STOPPED,
                project=_PROJECT,
            ),
            flush=True,
        )
        stop.wait()
        print('Stopping.', flush=True)
        api.stop()
        agent.stop()


def main() -> int:
    return service.run(serve)


if __name__ == '__main__':
    sys.exit(main())
