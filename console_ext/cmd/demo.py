# SPDX-License-Identifier: Apache-2.0
"""console-ext-demo: API, agent and proxy in one process, to try them out.

It needs no broker, no database server and no keystone.  The configuration and the log
are in a temporary directory.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import shutil
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Collection
from pathlib import Path
from typing import Any, NoReturn

from console_ext import exceptions
from console_ext.cmd import lifecycle, service
from console_ext.compute import base as compute
from console_ext.consoles import NOVNC, SERIAL, SPICE_HTML5, ConsoleType
from console_ext.demo import enter, files
from console_ext.demo.guests import Guests
from console_ext.demo.links import Links
from console_ext.demo.style import Style
from console_ext.demo.welcome import Welcome
from console_ext.rpc.client import ComputeClient
from console_ext.rpc.server import ComputeServer
from console_ext.signals import Signals
from console_ext.standalone import deploy, http_server
from console_ext.store import load_store

# The time to stop all parts, one after the other; then the process ends.
_STOP_S = 10.0

_NO_PAGE = {
    NOVNC: 'The VNC screen has no page, because noVNC is not installed: install novnc.',
    SPICE_HTML5: 'The SPICE screen has no page, because spice-html5 is not installed: '
    'install spice-html5.',
}
_NO_TERMINAL_PAGE = '{} The terminal client, below, works without them.'


def _parse(args: list[str]) -> tuple[files.Ports, bool]:
    """
    :returns: the ports, and whether to open a browser
    """
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
            name, type=_port, default=default, help=f'port of {what} ({default})'
        )
    parser.add_argument(
        '--open', action='store_true', help='open the terminal of web-1 in a browser'
    )
    options = parser.parse_args(args)
    ports = files.Ports(
        options.port, options.serial_port, options.spice_port, options.vnc_port
    )
    return ports, options.open


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 0 < number < 2**16:
        raise argparse.ArgumentTypeError(f'{text!r} is not a number from 1 to 65535')
    return number


def _import_extras() -> None:
    """
    :raises ConfigurationError: a package of the extra is not installed
    """
    try:
        import console_ext.proxy.server
        import console_ext.store.migration  # noqa: F401
    except ImportError as error:
        raise exceptions.ConfigurationError(
            f"a package is missing ({error}): pip install 'console-ext[demo]'"
        ) from None


class Demo:
    """All parts in one process.

    :param directory: for the configuration and the logs
    :ivar api: the URL of the API, after the start
    """

    def __init__(self, directory: Path, ports: files.Ports):
        self._directory = directory
        self._ports = ports
        self._running = contextlib.ExitStack()
        self.guests = Guests(directory)
        self.api = ''

    def start(self) -> None:
        """
        :raises ConfigurationError: a port is in use
        """
        with contextlib.ExitStack() as started:
            self._start(self.guests, started)
            api, services = self._services()
            for one in services:
                self._start(one, started)
            self._running = started.pop_all()
        self.api = api.url

    def stop(self) -> None:
        self._running.close()

    @staticmethod
    def _start(part: Any, started: contextlib.ExitStack) -> None:
        part.start()
        started.callback(part.stop)

    def _services(self) -> tuple[http_server.HTTPServer, list[Any]]:
        """Return the API, and all services in the order in which they start."""
        from console_ext.proxy.server import Proxy
        from console_ext.store import migration

        config_file = files.write(self._directory, self._ports, self.guests.servers())
        conf = service.configure([], [str(config_file)])
        # oslo.log's hook writes to the log file, which is removed at the end.
        sys.excepthook = sys.__excepthook__
        migration.sync(conf)
        store = load_store(conf)
        assert store is not None, 'the configuration names a database'
        api = http_server.HTTPServer(conf, deploy.load_app(conf))
        agent = ComputeServer(conf, compute.load(conf))
        return api, [agent, Proxy(conf, store, ComputeClient(conf)), api]


def serve(signals: Signals) -> None:
    ports, opens_browser = _parse(sys.argv[1:])
    _import_extras()
    with tempfile.TemporaryDirectory(
        prefix='console-ext-demo-', ignore_cleanup_errors=True
    ) as name:
        demo = Demo(Path(name), ports)

        def start() -> None:
            demo.start()
            _show(demo, files.log_of(Path(name)), opens_browser)

        def stop() -> None:
            # Whoever has read the output may be gone.
            with contextlib.suppress(OSError):
                print('Stopping.', flush=True)
            demo.stop()

        try:
            lifecycle.run(lifecycle.Service(start, stop, _STOP_S), signals)
        finally:
            # Threads that still run soon find no directory for their log.
            logging.raiseExceptions = False


def _show(demo: Demo, log: Path, opens_browser: bool) -> None:
    """Print the welcome, and new links whenever somebody presses Enter.

    :raises OSError: the demo's own API or proxy does not answer
    """
    links = Links(demo.api)
    offered = demo.guests.consoles()
    consoles = list(links.with_pages(offered))
    stdin = sys.stdin.fileno() if sys.stdin is not None else -1
    welcome = Welcome(
        api=demo.api,
        server_id=offered[0].server_id,
        client=_client(),
        log=log,
        missing=_missing(demo.guests, {one.type for one in {*offered} - {*consoles}}),
        log_in=demo.guests.log_in,
        enter=bool(consoles) and enter.is_foreground(stdin),
        style=Style.of(sys.stdout, os.environ),
    )
    print(welcome.text([links.request(one) for one in consoles]), flush=True)

    def show_again() -> None:
        try:
            text = welcome.links([links.request(one) for one in consoles])
        except OSError as error:
            text = f'There are no new links: {error}'
        with contextlib.suppress(OSError):
            print(f'{text}\n', flush=True)

    if welcome.enter:
        enter.listen(stdin, show_again)
    if opens_browser and offered[0] in consoles:
        _open(links.request(offered[0]).url)


def _missing(guests: Guests, without_page: Collection[ConsoleType]) -> list[str]:
    """Return sentences about what is missing, and what to install."""
    from console_ext.proxy.consoles import assets

    missing = [] if guests.missing is None else [guests.missing]
    if SERIAL in without_page:
        missing.append(_NO_TERMINAL_PAGE.format(assets.MISSING))
    return missing + [
        sentence for kind, sentence in _NO_PAGE.items() if kind in without_page
    ]


def _client() -> str:
    """Return the command of the terminal client, as a shell finds it."""
    name = 'console-ext'
    beside = Path(sys.argv[0]).with_name(name)
    return name if shutil.which(name) or not beside.is_file() else str(beside)


def _open(url: str) -> None:
    """Open a URL in the browser, in a thread: some browsers keep the caller waiting."""

    def run() -> None:
        if not webbrowser.open(url):
            print('No browser found: open a link above in one.', flush=True)

    threading.Thread(target=run, name='browser', daemon=True).start()


def main(signals: Signals | None = None) -> NoReturn:
    service.main(serve, signals)


if __name__ == '__main__':
    main()
