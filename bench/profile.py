# SPDX-License-Identifier: Apache-2.0
"""Where the CPU time goes: ``python -m bench.profile api`` or ``proxy``.

It samples a program with py-spy while that program is in use, and prints the share of
each part.  A sample counts for the first part of the table that occurs in its stack.
So the time of a library does not count for "the rest of console_ext", which calls it.
Time without the GIL, such as that of SQLite, does not count at all.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import console_ext.cmd  # noqa: F401  isort: skip

import uvloop

from bench.api import ACTION, on_a_bus
from bench.load import measure, sender
from bench.proxy import measures, peers
from tests.parts.programs import Programs

_RATE_HZ = 500
_TIMEOUT_S = 120
_WARM_UP = 200

# A part of a name of a function or of its file.
Part = tuple[str, tuple[str, ...]]

API: tuple[Part, ...] = (
    ('oslo.messaging', ('oslo_messaging/', 'kombu/', 'amqp/')),
    ('policy: oslo.policy', ('oslo_policy/',)),
    ('schemas: jsonschema', ('jsonschema/',)),
    ('log line: logging, oslo.log', ('Logger._log',)),
    ('passing the call to a thread', ('BoundedExecutor.submit', 'Future.result')),
    ('HTTP: WebOb, Routes', ('webob/', 'routes/')),
    ('the rest of console_ext', ('console_ext/',)),
)

PROXY: tuple[Part, ...] = (
    ('log lines: logging, oslo.log', ('Logger._log',)),
    ('store: SQLAlchemy, SQLite', ('sqlalchemy/', 'oslo_db/')),
    ('HTTP and WebSocket: websockets', ('websockets/',)),
    ('connecting to the guest', ('Connector.connect',)),
    (
        'passing calls to threads and back',
        ('BoundedExecutor.submit', '_chain_future', '_copy_future_state'),
    ),
    ('the rest of the relay', ('proxy/relay/',)),
    ('the rest of admission', ('proxy/admission/', 'console_ext/store/')),
    ('the rest of console_ext', ('console_ext/',)),
)

OTHER = 'the event loop, Python'


def samples(recorded: str) -> Iterator[tuple[str, int]]:
    """Parse py-spy's raw format: in each line a stack and the number of its samples."""
    for line in recorded.splitlines():
        stack, _, count = line.rpartition(' ')
        yield stack, int(count)


def shares(parts: Iterable[Part], recorded: str) -> list[tuple[str, float]]:
    """Return the share of each part that occurs, the largest one first."""
    found: Counter[str] = Counter()
    for stack, count in samples(recorded):
        matches = (
            name for name, marks in parts if any(mark in stack for mark in marks)
        )
        found[next(matches, OTHER)] += count
    total = found.total() or 1
    return [(name, count / total) for name, count in found.most_common()]


def record(directory: Path, pid: int, seconds: int, work: Callable[[], object]) -> str:
    """Sample a process while it works.

    :param work: takes longer than this time
    """
    path = directory / 'stacks'
    command = [
        str(Path(sysconfig.get_path('scripts')) / 'py-spy'),
        *('record', '--pid', str(pid), '--duration', str(seconds)),
        # Only threads that hold the GIL: others wait.
        *('--gil', '--rate', str(_RATE_HZ), '--format', 'raw', '--output', str(path)),
    ]
    with ThreadPoolExecutor(1) as executor:
        working = executor.submit(work)
        subprocess.run(
            command, check=True, capture_output=True, timeout=seconds + _TIMEOUT_S
        )
        working.result(_TIMEOUT_S)
    return path.read_text()


def profile_api(directory: Path, seconds: int) -> str:
    """A client requests consoles from the API, which calls an agent over RabbitMQ."""
    with on_a_bus(directory) as (api, port, _):
        pid = api.process.pid
        once = sender(port, ACTION)
        warm = measure(once, pid, 1, _WARM_UP)
        calls = _enough(warm.calls_per_s, seconds)
        return record(directory, pid, seconds, lambda: measure(once, pid, 1, calls))


def profile_proxy(directory: Path, seconds: int) -> str:
    """A client opens consoles one after the other, and each echoes one key."""
    with Programs(directory) as programs:
        peer = peers.start_ours(
            directory / 'proxy', programs, peers.start_guests(programs)
        )
        warm = uvloop.run(measures.set_up(peer, _WARM_UP, 1))
        sessions = _enough(warm['sessions/s'], seconds)
        (program,) = peer.programs
        return record(
            directory,
            program.process.pid,
            seconds,
            lambda: uvloop.run(measures.set_up(peer, sessions, 1)),
        )


def _enough(per_s: float, seconds: int) -> int:
    return int(2 * per_s * seconds) + _WARM_UP


PROGRAMS = {'api': (profile_api, API), 'proxy': (profile_proxy, PROXY)}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('program', choices=PROGRAMS)
    parser.add_argument('--seconds', type=int, default=10)
    options = parser.parse_args()
    profile, parts = PROGRAMS[options.program]
    with tempfile.TemporaryDirectory(prefix='console-ext-bench-') as name:
        recorded = profile(Path(name), options.seconds)
    for part, share in shares(parts, recorded):
        print(f'{part:36} {share:6.1%}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
