# SPDX-License-Identifier: Apache-2.0
"""Compares the pages of consoles with those of others: ``python -m bench.pages``.

In Chromium.  Screens: from the click to the picture of a real QEMU, compared with
websockify and the pages of noVNC and spice-html5, also over a slow link.  Terminals: a
guest that prints without pause, compared with a page that passes each message to
xterm.js.  The pages take turns.  Ratios are console_ext's figure divided by the peer's,
medians of the rounds.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import console_ext.cmd  # noqa: F401  isort: skip

from bench.pages import browser as browsers
from bench.pages import flood, peers, screens
from bench.pages.browser import Browser
from bench.pages.flood import Figures
from console_ext.consoles import NOVNC, SERIAL, SPICE_HTML5
from console_ext.demo.linux import Linux, Missing
from console_ext.demo.machine import VirtualMachine
from console_ext.proxy.consoles import assets
from tests.parts.programs import Programs

_BOOT_S = 60


def compare_screens(
    directory: Path, browser: Browser, programs: Programs, options: argparse.Namespace
) -> None:
    browsers.program('qemu-system-x86_64')
    try:
        linux = Linux.find()
    except Missing as missing:
        raise SystemExit(f'the guest boots no Linux: {missing}') from None
    machine = VirtualMachine(directory)
    machine.start(linux)
    try:
        _wait_for_login(machine)
        guests = {NOVNC: machine.vnc_port, SPICE_HTML5: machine.spice_port}
        ours = peers.start_ours(directory / 'screens', programs, guests)
        theirs = peers.start_theirs(programs, guests)
        for delay_ms in options.delay:
            for kind in guests:
                pair = ours[kind], theirs[kind]
                links = [
                    (one, peers.start_link(programs, one, delay_ms)) for one in pair
                ]
                visits = screens.compare(browser, links, options.rounds)
                screens.report(f'{kind.title}, {delay_ms:g} ms', pair, visits)
    finally:
        machine.stop()


def _wait_for_login(machine: VirtualMachine) -> None:
    """Wait until the guest has booted, so that its picture no longer changes."""
    serial = socket.create_connection(('127.0.0.1', machine.serial_port), _BOOT_S)
    with serial:
        shown = b''
        while b'login: ' not in shown:
            data = serial.recv(4096)
            assert data, 'the guest has ended'
            shown += data


def compare_terminals(
    directory: Path, browser: Browser, programs: Programs, options: argparse.Namespace
) -> None:
    xterm, fit = assets.fetched('xterm'), assets.fetched('addon-fit')
    if xterm is None or fit is None:
        raise SystemExit(assets.MISSING)
    plain = directory / 'plain'
    plain.mkdir()
    shutil.copy(Path(__file__).with_name('plain.html'), plain)
    for path in ('lib/xterm.mjs', 'css/xterm.css'):
        shutil.copy(xterm / path, plain)
    shutil.copy(fit / 'lib/addon-fit.mjs', plain)
    guest = flood.Guest(options.megabytes * 10**6)
    try:
        ours = peers.start_ours(
            directory / 'terminals', programs, {SERIAL: guest.port}
        )[SERIAL]
        theirs = peers.start_websockify(
            programs, guest.port, plain, 'plain', '/plain.html'
        )
        pairs = [
            [flood.measure(browser, guest, peer) for peer in (ours, theirs)]
            for _ in range(options.rounds)
        ]
    finally:
        guest.close()
    columns = [flood.median(column) for column in zip(*pairs, strict=True)]
    _show((ours.name, theirs.name), columns, options.megabytes)


def _show(names: Sequence[str], columns: Sequence[Figures], megabytes: int) -> None:
    print(f'a guest that prints {megabytes} MB: {", ".join(names)}')
    for figure in Figures.__slots__:
        values = ', '.join(f'{getattr(one, figure):.1f}' for one in columns)
        print(f'  {figure:16} {values}', flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--only', choices=['screens', 'terminals'])
    parser.add_argument(
        '--delay',
        type=float,
        nargs='*',
        default=[0.0, 25.0],
        help='of the links, in ms each way',
    )
    parser.add_argument(
        '--megabytes', type=int, default=100, help='that a guest prints'
    )
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(
            prefix='console-ext-bench-', ignore_cleanup_errors=True
        ) as name,
        Programs(Path(name)) as programs,
        browsers.opened(Path(name) / 'profile') as browser,
    ):
        if options.only != 'terminals':
            compare_screens(Path(name), browser, programs, options)
        if options.only != 'screens':
            compare_terminals(Path(name), browser, programs, options)
    return 0


if __name__ == '__main__':
    sys.exit(main())
