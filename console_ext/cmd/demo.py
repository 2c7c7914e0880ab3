# SPDX-License-Identifier: Apache-2.0
"""console-ext-demo: everything in one process, to be tried by hand.

API, agent and proxy, with no broker, no database server and no keystone; the
configuration is written to a directory that goes at the end.
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

# What the parts have, one after the other; whatever is left ends with the process.
_STOP_S = 10.0

_WELCOME = """\
console_ext demo: the API on {url}, its configuration in {directory}.
Paste these into another terminal; Ctrl-C here ends the demo.

A serial console: ask for its URL, and open it (any name and password will do).

  curl -s {url}/v2.1/servers/{terminal}/action \\
    -H 'Content-Type: application/json' \\
    -d '{{"os-getSerialConsole": {{"type": "serial"}}}}'

    {{"console": {{"type": "serial", "url": "ws://127.0.0.1:{serial_port}/?token=..."}}}}

  websocat -b 'ws://127.0.0.1:{serial_port}/?token=...'

{page}

The same by a stock client, which asks for the URL by the server's name:

  openstack --os-auth-type none --os-endpoint {url}/v2.1 \\
    console url show --serial web-1
{machine}
A server that is powered off, and one that asks as a reader only:

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
A virtual machine, vm-1: its screen opens in a browser, its serial port as above.

  openstack --os-auth-type none --os-endpoint {url}/v2.1 \\
    console url show --spice vm-1
  openstack --os-auth-type none --os-endpoint {url}/v2.1 \\
    console url show --novnc vm-1
"""

_NO_MACHINE = """
With qemu-system-x86_64, spice-html5 and noVNC installed there would be a virtual
machine too.
"""


def _parse(args: list[str]) -> files.Ports:
    parser = argparse.ArgumentParser(
        prog='console-ext-demo', description='The whole of console_ext in one process.'
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
    """The servers of the demo, and what runs behind them."""

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
    """The API, and everything that is to be started, in order."""
    try:
        from console_ext.proxy.server import Proxy
        from console_ext.store import migration
    except ImportError as error:
        raise exceptions.ConfigurationError(
            f"the demo needs all of it: pip install 'console-ext[demo]' ({error})"
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

        lifecycle.attend(lifecycle.Service(start, stop, _STOP_S), signals)


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
