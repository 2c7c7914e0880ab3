# SPDX-License-Identifier: Apache-2.0
"""Requests for a console through the whole pipeline: ``python -m bench.api``.

(a) with constant answers of compute hosts, compared with a one-line application, both
under uwsgi; (b) with RabbitMQ and an agent, compared with a bare oslo.messaging call to
the same agent, and with the sum of its parts: such a call, then a request with a
constant answer; (c) ``remote-consoles``, compared with ``os-getSerialConsole``, the
request of (a) and (b), with constant answers of compute hosts.  Ours and its peers take
turns, and ratios are medians of the rounds.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import console_ext.cmd  # noqa: F401  isort: skip

import oslo_messaging
import psutil

from bench.load import Cost, action, measure, median, resource, sender
from console_ext.rpc import instance, transport
from tests.parts.deployment import SERVERS, Deployment, server, server_id
from tests.parts.programs import Program, Programs, free_port
from tests.parts.rabbitmq import AVAILABLE, Broker

SERVER = f'/v2.1/servers/{server_id("01")}'
ACTION = action(SERVER)

# A measurement of nova-api (2026.2, uwsgi, one process) on another machine.
AIM_CPU_MS = 1.5
AIM_RSS_MB = 80
AIM_BUS = 1.5


def start_wsgi(
    programs: Programs, module: str, config_file: Path
) -> tuple[Program, int]:
    """Start a uwsgi process with 16 threads, a common configuration of nova-api."""
    port = free_port()
    program = programs.start(
        'uwsgi',
        *('--http-socket', f'127.0.0.1:{port}', '--module', f'{module}:application'),
        *('--processes', '1', '--threads', '16', '--enable-threads', '--need-app'),
        *('--disable-logging', '--die-on-term', '--listen', '100'),
        CONSOLE_EXT_CONFIG_FILES=str(config_file),
    )
    program.wait_for('spawned uWSGI worker', timeout_s=120)
    return program, port


def rss_mb(program: Program) -> float:
    rss: int = psutil.Process(program.process.pid).memory_info().rss
    return rss / 2**20


def row(name: str, cost: Cost, *more: str) -> None:
    print(
        f'{name:34} {cost.calls_per_s:7.0f}/s  p50 {cost.p50_ms:6.2f} ms  '
        f'p99 {cost.p99_ms:6.2f} ms  CPU {cost.cpu_ms:5.2f} ms  {"  ".join(more)}',
        flush=True,
    )


def fill(deployment: Deployment, servers: int) -> None:
    more = [server(f'{number:x}') for number in range(0x100, 0x100 + servers - 1)]
    lines = ['servers:']
    # Without PyYAML, which takes minutes for 100,000 servers.
    for entry in [SERVERS[0], *more]:
        lines.append(f'  - id: {entry["id"]}')
        lines += [
            f'    {key}: {entry[key]}'
            for key in ('name', 'project_id', 'user_id', 'host')
        ]
        lines.append('    consoles: {serial: {host: 127.0.0.1, port: 10001}}')
    deployment.inventory_file.write_text('\n'.join(lines) + '\n')


def in_turns(
    rounds: int, ours: Callable[[], Cost], peer: Callable[[], Cost]
) -> tuple[Cost, Cost, Callable[[str], float]]:
    """Return the medians of both, and a function for the median ratio of a figure."""
    pairs = [(ours(), peer()) for _ in range(rounds)]

    def ratio(figure: str) -> float:
        ratios: list[float] = [
            getattr(one, figure) / getattr(other, figure) for one, other in pairs
        ]
        return statistics.median(ratios)

    return median([one for one, _ in pairs]), median([one for _, one in pairs]), ratio


def constant_rpc(directory: Path, rounds: int, calls: int) -> None:
    print('(a) with constant answers of compute hosts')
    with Programs(directory) as programs:
        deployment = Deployment(directory).configure(inventory={'check_interval': 1})
        config_file = deployment.config_file
        bare, bare_port = start_wsgi(programs, 'bench.bare_wsgi', config_file)
        for servers in (1, 1_000, 100_000):
            fill(deployment, servers)
            api, port = start_wsgi(programs, 'bench.constant_rpc', config_file)
            pid = api.process.pid
            measure(sender(port, ACTION), pid, 1, 200)
            started_mb = rss_mb(api)
            for clients in (1, 16):
                ours, peer, ratio = in_turns(
                    rounds,
                    lambda: measure(sender(port, ACTION), pid, clients, calls),  # noqa: B023
                    lambda: measure(
                        sender(bare_port, ACTION),
                        bare.process.pid,
                        clients,  # noqa: B023
                        calls,
                    ),
                )
                row(
                    f'{servers} servers, {clients} clients',
                    ours,
                    f'RSS {rss_mb(api):.0f} MB (at first {started_mb:.0f})',
                )
                row('  peer: a one-line application', peer)
                print(
                    f'  ratio: p50 {ratio("p50_ms"):.2f}, CPU {ratio("cpu_ms"):.2f}; '
                    f'aim: CPU below {AIM_CPU_MS} ms, RSS below {AIM_RSS_MB} MB'
                )
            api.stop()


def bare_calls(deployment: Deployment) -> Callable[[], None]:
    """Return a function that makes the same call with oslo.messaging alone."""
    conf = deployment.conf()
    client = oslo_messaging.get_rpc_client(
        transport.connect(conf),
        oslo_messaging.Target(topic=transport.TOPIC, version=transport.VERSION),
        transport_options=oslo_messaging.TransportOptions(at_least_once=True),
        timeout=10,
    ).prepare(server='compute-1')
    primitive = instance.to_primitive(server_id('01'))

    def once() -> None:
        client.call({}, 'get_serial_console', console_type='serial', instance=primitive)

    return once


@contextlib.contextmanager
def on_a_bus(directory: Path) -> Iterator[tuple[Program, int, Deployment]]:
    """The API, with RabbitMQ and an agent, until the end of a ``with``.

    :returns: the API, its port, and the deployment
    """
    broker = Broker(directory / 'rabbitmq')
    with Programs(directory) as programs:
        try:
            broker.start()
            deployment = Deployment(directory)
            fill(deployment, 1)
            deployment.configure(DEFAULT={'transport_url': broker.url})
            config_file = deployment.config_file
            api, port = start_wsgi(programs, 'console_ext.cmd.wsgi', config_file)
            agent = programs.start(
                'console-ext-agent', '--config-file', str(config_file)
            )
            agent.wait_for('Answering for compute host')
            yield api, port, deployment
        finally:
            broker.stop()


def over_the_bus(directory: Path, rounds: int, calls: int) -> None:
    print('(b) with RabbitMQ and an agent')
    with on_a_bus(directory) as (api, port, deployment), Programs(directory) as more:
        _, constant_port = start_wsgi(
            more, 'bench.constant_rpc', deployment.config_file
        )
        bare = bare_calls(deployment)
        constant = sender(constant_port, ACTION)

        def parts() -> None:
            bare()
            constant()

        request = sender(port, ACTION)
        pid = api.process.pid
        for warm in (request, parts):
            measure(warm, pid, 16, 320)
        for clients in (1, 16):
            for peer_name, peer_once, aim in (
                ('a bare call', bare, f'; aim: p50 within {AIM_BUS}'),
                ('a bare call, then a constant answer', parts, ''),
            ):
                ours, peer, ratio = in_turns(
                    rounds,
                    lambda: measure(request, pid, clients, calls),  # noqa: B023
                    lambda: measure(
                        peer_once,  # noqa: B023
                        psutil.Process().pid,
                        clients,  # noqa: B023
                        calls,
                    ),
                )
                row(f'the API, {clients} clients', ours, f'RSS {rss_mb(api):.0f} MB')
                row(f'  peer: {peer_name}', peer)
                print(
                    f'  ratio: p50 {ratio("p50_ms"):.2f}, p99 {ratio("p99_ms"):.2f}, '
                    f'calls/s {ratio("calls_per_s"):.2f}{aim}'
                )


def resource_and_action(directory: Path, rounds: int, calls: int) -> None:
    print('(c) remote-consoles, with constant answers of compute hosts')
    with Programs(directory) as programs:
        deployment = Deployment(directory).configure(inventory={'check_interval': 1})
        api, port = start_wsgi(programs, 'bench.constant_rpc', deployment.config_file)
        pid = api.process.pid
        ours_once = sender(port, resource(SERVER))
        peer_once = sender(port, ACTION)
        for warm in (ours_once, peer_once):
            measure(warm, pid, 16, 320)
        for clients in (1, 16):
            ours, peer, ratio = in_turns(
                rounds,
                lambda: measure(ours_once, pid, clients, calls),  # noqa: B023
                lambda: measure(peer_once, pid, clients, calls),  # noqa: B023
            )
            row(f'remote-consoles, {clients} clients', ours)
            row('  peer: os-getSerialConsole', peer)
            print(
                f'  ratio: p50 {ratio("p50_ms"):.2f}, CPU {ratio("cpu_ms"):.2f}; '
                'aim: at most 1.05'
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--calls', type=int, default=1600, help='a round')
    parser.add_argument('--only', default='abc', help='the parts, such as ac')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='console-ext-bench-') as name:
        parts = {'a': constant_rpc, 'b': over_the_bus, 'c': resource_and_action}
        for letter, part in parts.items():
            if letter == 'b' and not AVAILABLE:
                print('(b) skipped: install rabbitmq-server')
            elif letter in options.only:
                part(Path(name), options.rounds, options.calls)
    return 0


if __name__ == '__main__':
    sys.exit(main())
