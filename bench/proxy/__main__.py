# SPDX-License-Identifier: Apache-2.0
"""Compares the console proxy with websockify: ``python -m bench.proxy``.

The console proxy uses its store (SQLite) and all checks except the call to the compute
host; websockify has no checks.  The bulk of VNC is compared with that of serial
consoles.  If CONSOLE_EXT_NOVA_BIN names the directory of Nova's programs, the set-up of
sessions is also compared with nova-serialproxy and nova-novncproxy and their token
table.  The proxies take turns.  Ratios are console_ext's figure divided by the peer's,
medians of the rounds.
"""

from __future__ import annotations

import argparse
import dataclasses
import resource
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import console_ext.cmd  # noqa: F401  isort: skip

import uvloop

from bench.proxy import measures, peers
from bench.proxy.measures import Figures
from bench.proxy.peers import Certificate, Peer
from tests.parts.authority import self_signed
from tests.parts.programs import Programs


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    :param aims: the target ratio of each figure
    :param other: the measurement of the peer; None for the same
    """

    name: str
    measure: Callable[[Peer], Awaitable[Figures]]
    aims: Mapping[str, str]
    tls: bool = False
    once: bool = False
    other: Callable[[Peer], Awaitable[Figures]] | None = None


COMPARISONS = (
    Comparison(
        'set-up, one at a time',
        lambda peer: measures.set_up(peer, 200, 1),
        {'sessions/s': '≥ 8'},
    ),
    Comparison(
        'set-up, 50 at once',
        lambda peer: measures.set_up(peer, 400, 50),
        {'sessions/s': '≥ 8'},
    ),
    Comparison(
        'memory of 200 sessions',
        lambda peer: measures.memory(peer, 200),
        {'KiB a session': '≤ 0.004, and ≤ 16 KiB'},
        once=True,
    ),
    Comparison(
        'memory of 200 sessions, TLS',
        lambda peer: measures.memory(peer, 200),
        {'KiB a session': '≤ 0.004, and ≤ 32 KiB'},
        tls=True,
        once=True,
    ),
    Comparison(
        'bulk, 1 session',
        lambda peer: measures.bulk(peer, 1, 3),
        {'MB/s': '≥ 1.2', 'CPU s a GB': '≤ 0.7'},
    ),
    Comparison(
        'bulk, 8 sessions',
        lambda peer: measures.bulk(peer, 8, 3),
        {'MB/s': '≥ 1.2', 'CPU s a GB': '≤ 0.7'},
    ),
    Comparison('duplex', lambda peer: measures.duplex(peer, 3), {'MB/s': '≥ 2'}),
    Comparison(
        'echo of keys', lambda peer: measures.echo(peer, 3000), {'p50 µs': '≤ 0.65'}
    ),
    Comparison(
        'echo, 500 sessions',
        lambda peer: measures.typing(peer, 500, 30),
        {'p50 µs': '≤ 0.6', 'CPU µs a key': '≤ 0.3'},
    ),
    Comparison(
        'stuck client, 10 s',
        lambda peer: measures.stuck_client(peer, 10),
        {'MB': 'at most 2 MB'},
        once=True,
    ),
    Comparison(
        'stuck guest, 10 s',
        lambda peer: measures.stuck_guest(peer, 10),
        {'MB': 'at most 2 MB'},
        once=True,
    ),
)

VNC_BESIDE_SERIAL = (
    Comparison(
        'bulk of VNC, 1 session',
        lambda peer: measures.bulk(peer, 1, 3, 'vnc'),
        {'MB/s': '≥ 0.95', 'CPU s a GB': '≤ 1.05'},
        other=lambda peer: measures.bulk(peer, 1, 3),
    ),
    Comparison(
        'bulk of VNC, 8 sessions',
        lambda peer: measures.bulk(peer, 8, 3, 'vnc'),
        {'MB/s': '≥ 0.95', 'CPU s a GB': '≤ 1.05'},
        other=lambda peer: measures.bulk(peer, 8, 3),
    ),
)

# Nova's proxies take at least 0.1 s for a session, and fail with many at a time.
WITH_SERIALPROXY = Comparison(
    'set-up, one at a time',
    lambda peer: measures.set_up(peer, 40, 1),
    {'sessions/s': '≥ 100'},
)
WITH_NOVNCPROXY = Comparison(
    'set-up of VNC, one at a time',
    lambda peer: measures.set_up_vnc(peer, 40),
    {'p50 ms': '≤ 0.1', 'CPU ms a session': '≤ 0.1'},
)

MANY = (1_000, 5_000)


async def compare(one: Comparison, ours: Peer, other: Peer, rounds: int) -> None:
    sides = ((one.measure, ours), (one.other or one.measure, other))
    pairs = []
    for number in range(1 if one.once else rounds):
        pair: list[Figures] = [{}, {}]
        # Who begins alternates, so that what one leaves behind meets both.
        for at in (1, 0) if number % 2 else (0, 1):
            measure, peer = sides[at]
            pair[at] = await measure(peer)
        pairs.append(pair)
    for figure in pairs[0][0]:
        mine, others = ([pair[at][figure] for pair in pairs] for at in (0, 1))
        ratio = statistics.median(a / b for a, b in zip(mine, others, strict=True))
        print(
            f'{one.name:28} {figure:17} {statistics.median(mine):9.2f} '
            f'{statistics.median(others):11.2f} {other.name:17} {ratio:8.3f}',
            one.aims.get(figure, ''),
            flush=True,
        )


async def many(ours: Peer, transport: str) -> None:
    for sessions in MANY:
        used = (await measures.memory(ours, sessions))['KiB a session']
        print(
            f'memory of {sessions} sessions, {transport}: {used:.1f} KiB each',
            flush=True,
        )


async def run(
    plain: tuple[Peer, Peer],
    tls: tuple[Peer, Peer],
    nova: tuple[Peer, Peer] | None,
    options: argparse.Namespace,
) -> None:
    for one in COMPARISONS:
        if options.only not in one.name:
            continue
        await compare(one, *(tls if one.tls else plain), options.rounds)
    serial = dataclasses.replace(plain[0], name='serial consoles')
    for one in VNC_BESIDE_SERIAL:
        if options.only in one.name:
            await compare(one, plain[0], serial, options.rounds)
    if nova is not None:
        for one, peer in zip((WITH_SERIALPROXY, WITH_NOVNCPROXY), nova, strict=True):
            if options.only in one.name:
                await compare(one, plain[0], peer, options.rounds)
    if options.only in 'memory':
        await many(plain[0], 'plain')
        await many(tls[0], 'TLS')


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--only', default='', help="a part of a comparison's name")
    options = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with (
        tempfile.TemporaryDirectory(prefix='console-ext-bench-') as name,
        Programs(Path(name)) as programs,
    ):
        directory = Path(name)
        certificate = Certificate(*self_signed(directory))
        guests = peers.start_guests(programs)
        plain = (
            peers.start_ours(directory / 'plain', programs, guests),
            peers.start_websockify(programs, guests),
        )
        tls = (
            peers.start_ours(directory / 'tls', programs, guests, certificate),
            peers.start_websockify(programs, guests, certificate),
        )
        nova = None
        if peers.NOVA_AVAILABLE:
            nova = (
                peers.start_nova(
                    directory / 'serialproxy', programs, guests, 'serial', 'echo'
                ),
                peers.start_nova(
                    directory / 'novncproxy', programs, guests, 'novnc', 'vnc'
                ),
            )
        print(f'{"":28} {"":17} {"ours":>9} {"the other":>11} {"":17}    ratio  aim')
        uvloop.run(run(plain, tls, nova, options))
    return 0


if __name__ == '__main__':
    sys.exit(main())
