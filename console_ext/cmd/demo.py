# SPDX-License-Identifier: Apache-2.0
"""console-ext-demo: API, agent and proxy in one process, to try them out.

It needs no broker, no database server and no keystone.  The configuration is in a
temporary directory.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any, NoReturn

from oslo_config import cfg

from console_ext import exceptions
from console_ext.cmd import lifecycle, service
from console_ext.compute import base as compute
from console_ext.consoles import NOVNC, SERIAL, SPICE_HTML5
from console_ext.demo import files
from console_ext.demo.guest import SerialGuest
from console_ext.demo.machine import VirtualMachine
from console_ext.rpc.client import ComputeClient
from console_ext.rpc.server import ComputeServer
from console_ext.signals import Signals
from console_ext.standalone import deploy, http_server
from console_ext.store import load_store

# The time to stop all parts, one after the other; then the process ends.
_STOP_S = 10.0

_WELCOME = """\
console_ext demo: the API listens on {url}; its configuration is in {directory}.
Paste these commands into another terminal.  Ctrl-C here stops the demo.

Request the URL of a serial console and open it.  Log in with any name and password:

  curl -s {url}/v2.1/servers/{terminal}/action \\
    -H 'Content-Type: application/json' \\
    -d '{{"os-getSerialConsole": {{"type": "serial"}}}}'

    {{"console": {{"type": "serial", "url": "ws://127.0.0.1:{serial_port}/?token=..."}}}}

  websocat -b 'ws://127.0.0.1:{serial_port}/?token=...'

{page}

The same with the OpenStack client, which accepts the server's name:

  openstack --os-auth-type none --os-endpoint {url}/v2.1 \\
    console url show --serial web-1
{machine}
Two errors: the server is powered off, and the caller only has the role reader:

  curl -s {url}/v2.1/servers/{stopped}/action \\
    -H 'Content-Type: application/json' \\
    -d '{{"os-getSerialConsole": {{"type": "serial"}}}}'

    {{"conflictingRequest": {{"code": 409, "message": "Cannot ... vm_state stopped"}}}}

  curl -s {url}/v2.1/servers/{terminal}/action \\
    -H 'X-Auth-Token: rita:{project}:reader' \\
    -H 'Content-Type: application/json' \\
    -d '{{"os-getSerialConsole": {{"type": "serial"}}}}'

    {{"forbidden": {{"code": 403, "message": "Policy doesn't allow ..."}}}}
"""

_PAGE = 'In a browser, it opens with http:// in place of ws://.'

_MACHINE = """
vm-1 is a virtual machine.  Its serial console opens as above, its screen in a browser:

  openstack --os-auth-type none --os-endpoint {url}/v2.1 \\
    console url show --spice vm-1
  openstack --os-auth-type none --os-endpoint {url}/v2.1 \\
    console url show --novnc vm-1
"""

_NO_MACHINE = """
Install qemu-system-x86_64, spice-html5 and noVNC to add a virtual machine to the demo.
"""


def _parse(args: list[str]) -> files.Ports:
    parser = argparse.ArgumentParser(
        prog='console-ext-demo', description='API, agent and proxy in one process.'
    )
    for name, default, what in (
        ('--port', 8774, 'the API'),
        ('--serial-port', 6083, 'the serial console proxy'),
        ('--spice-port', 6082, 'the SPICE console proxy'),
        ('--vnc-port', 6080, 'the VNC console proxy'),
    ):
        parser.add_argument(
            name, type=int, default=default, help=f'port of {what} ({default})'
        )
    options = parser.parse_args(args)
    return files.Ports(
        options.port, options.serial_port, options.spice_port, options.vnc_port
    )


class Guests:
    """The demo's servers and the guests behind them."""

    def __init__(self, directory: Path):
        self._guest = SerialGuest('web-1')
        self._machine = VirtualMachine(directory)
        self.has_machine = self._machine.is_installed()

    def start(self) -> None:
        self._guest.start()
        if self.has_machine:
            self._machine.start()

    def stop(self) -> None:
        self._machine.stop()
        self._guest.stop()

    def servers(self) -> list[dict[str, Any]]:
        def port(number: int) -> dict[str, Any]:
            return {'host': '127.0.0.1', 'port': number}

        serial = {SERIAL.protocol: port(self._guest.port)}
        off = {'vm_state': 'stopped', 'power_state': 4}
        servers = [
            files.server(1, 'web-1', consoles=serial),
            files.server(2, 'db-1', consoles=serial, **off),
        ]
        if self.has_machine:
            consoles = {
                SERIAL.protocol: port(self._machine.serial_port),
                SPICE_HTML5.protocol: port(self._machine.spice_port),
                NOVNC.protocol: port(self._machine.vnc_port),
            }
            servers.append(files.server(3, 'vm-1', consoles=consoles))
        return servers


def _services(conf: cfg.ConfigOpts) -> tuple[http_server.HTTPServer, list[Any]]:
    """Return the API, and all services in the order in which they start."""
    try:
        from console_ext.proxy.server import Proxy
        from console_ext.store import migration
    except ImportError as error:
        raise exceptions.ConfigurationError(
            f"a package is missing ({error}): pip install 'console-ext[demo]'"
        ) from None
    migration.sync(conf)
    store = load_store(conf)
    assert store is not None, 'the configuration names a database'
    api = http_server.HTTPServer(conf, deploy.load_app(conf))
    agent = ComputeServer(conf, compute.load(conf))
    return api, [agent, Proxy(conf, store, ComputeClient(conf)), api]


def serve(signals: Signals) -> None:
    ports = _parse(sys.argv[1:])
    with tempfile.TemporaryDirectory(
        prefix='console-ext-demo-', ignore_cleanup_errors=True
    ) as name:
        directory = Path(name)
        guests = Guests(directory)
        config_file = files.write(directory, ports, guests.servers())
        conf = service.configure([], [str(config_file)])
        api, services = _services(conf)
        running = contextlib.ExitStack()

        def start() -> None:
            for one in [guests, *services]:
                one.start()
                running.callback(one.stop)
            print(_welcome(api.url, directory, ports, guests), flush=True)

        def stop() -> None:
            print('Stopping.', flush=True)
            running.close()

        lifecycle.run(lifecycle.Service(start, stop, _STOP_S), signals)


def _welcome(url: str, directory: Path, ports: files.Ports, guests: Guests) -> str:
    terminal, stopped, *_ = guests.servers()
    from console_ext.proxy.consoles import assets

    machine = _MACHINE.format(url=url) if guests.has_machine else _NO_MACHINE
    page = _PAGE if assets.are_there() else textwrap.fill(assets.MISSING, 88)
    return _WELCOME.format(
        url=url,
        directory=directory,
        machine=machine,
        page=page,
        terminal=terminal['id'],
        stopped=stopped['id'],
        serial_port=ports.serial,
        project=files.PROJECT,
    )


def main(signals: Signals | None = None) -> NoReturn:
    service.main(serve, signals)


if __name__ == '__main__':
    main()
