# SPDX-License-Identifier: Apache-2.0
"""A soak test of the console proxy: ``python -m bench.soak``.

Well-behaved users open consoles, type and leave, while a compute host is dead, other
clients flood and stall, the broker freezes and the store is locked.  The users must not
lose a session, and their echo times must stay close to those of an undisturbed site.

The undisturbed site runs at the same time, with the same users and its own services.
Other load on the machine, such as the CPU time of the disturbing clients, affects both
sites.  The ratio therefore shows how much the proxy lets one client affect another.
Runs at different times would compare the noise of different minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import console_ext.cmd  # noqa: F401  isort: skip

from bench.soak.load import Load, Scale
from bench.soak.report import Report
from bench.soak.schedule import DISTURBANCES, Schedule, Times
from bench.soak.site import Site
from tests.parts.databases import MariaDB, PostgreSQL, SQLite
from tests.parts.programs import Programs
from tests.parts.rabbitmq import AVAILABLE, Broker

# Of all sessions of a site; low, so that the proxies use most of the CPU time.
_KEYS_PER_S = 400

# The time to start, to open the sessions, and to write the figures.
_OVERHEAD_S = 600

# The second byte of the addresses of each site's users.
_NETWORKS = (10, 20)

_SERVERS = {'mariadb': MariaDB, 'postgresql': PostgreSQL}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='python -m bench.soak', description=(__doc__ or '').partition('\n')[0]
    )
    parser.add_argument('--minutes', type=float, default=30)
    parser.add_argument('--sessions', type=int, default=2000, help='of each site')
    parser.add_argument('--workers', type=int, default=2, help='of each proxy')
    parser.add_argument(
        '--openings',
        type=float,
        default=4,
        help="openings by a site's users per second",
    )
    parser.add_argument('--database', choices=['sqlite', *_SERVERS], default='sqlite')
    parser.add_argument(
        '--only',
        action='append',
        choices=DISTURBANCES,
        help='run only this disturbance; may be repeated',
    )
    parser.add_argument('--json', type=Path, help='a file for the figures')
    parser.add_argument(
        '--directory', type=Path, help='a new directory to keep logs and samples in'
    )
    return parser.parse_args()


def say(line: str) -> None:
    print(f'{time.strftime("%H:%M:%S")}  {line}', flush=True)


def databases(
    kind: str, directory: Path, ends: contextlib.ExitStack
) -> Callable[[str], str]:
    """Yield a function that creates a database for a site and returns its URL."""
    if kind in _SERVERS:
        server = _SERVERS[kind]()
        ends.callback(server.close)
        return lambda name: server.new_database()
    return lambda name: SQLite(directory / f'{name}.db').new_database()


def start(
    options: argparse.Namespace, directory: Path, ends: contextlib.ExitStack
) -> list[Site]:
    """Create two equal sites with running brokers; their services are not started."""
    new_database = databases(options.database, directory, ends)
    brokers = [Broker(directory / f'broker-{number}') for number in range(2)]
    for broker in brokers:
        ends.callback(broker.stop)
    with ThreadPoolExecutor() as threads:
        for started in [threads.submit(broker.start) for broker in brokers]:
            started.result()
    sites = []
    for name, broker in zip(('disturbed', 'undisturbed'), brokers, strict=True):
        own = directory / name
        own.mkdir()
        programs = ends.enter_context(Programs(own))
        sites.append(Site(own, programs, broker, new_database(name), options.workers))
    return sites


def soak(options: argparse.Namespace, directory: Path) -> Report:
    seconds = options.minutes * 60
    scale = Scale(
        sessions=options.sessions,
        key_every_s=max(1.0, options.sessions / _KEYS_PER_S),
        openings_per_s=options.openings,
        seconds=seconds + _OVERHEAD_S,
    )
    run = None
    try:
        with contextlib.ExitStack() as ends:
            disturbed, undisturbed = (
                Load(site, scale, network)
                for site, network in zip(
                    start(options, directory, ends), _NETWORKS, strict=True
                )
            )
            only = options.only or DISTURBANCES
            times = Times.of(seconds)
            run = Schedule(disturbed, undisturbed, times, only, say).run()
            say('all is stopped')
    except subprocess.TimeoutExpired as late:
        # All processes have been told to stop, and the figures are complete.
        if run is None:
            raise
        say(f'killed because it did not end: {" ".join(late.cmd)}')
    return Report(run)


def end(number: int, _frame: FrameType | None) -> None:
    """Handle SIGTERM like Ctrl-C, so that all started processes are stopped."""
    sys.exit(128 + number)


def main() -> int:
    options = arguments()
    if not AVAILABLE:
        print('The soak needs the Debian package rabbitmq-server.', file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, end)
    # A shell starts background processes with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with contextlib.ExitStack() as ends:
        if options.directory is None:
            directory = Path(
                ends.enter_context(tempfile.TemporaryDirectory(prefix='console-ext-'))
            )
        else:
            directory = options.directory.absolute()
            directory.mkdir(parents=True)
        report = soak(options, directory)
    if options.json is not None:
        options.json.write_text(report.json())
    print(report.text())
    return report.status


if __name__ == '__main__':
    sys.exit(main())
