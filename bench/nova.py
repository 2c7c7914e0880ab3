# SPDX-License-Identifier: Apache-2.0
"""os-getSerialConsole through a real nova-api: ``python -m bench.nova``.

Three APIs of one Nova, each one uwsgi process with 16 threads: as Nova is, with
the filter that looks servers up in Nova's databases, and with the one that asks the API
behind it.  They take turns, and the figures are medians of the rounds.  Then what the
filter only passes on.  It needs what tests/integration/nova needs.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import console_ext.cmd  # noqa: F401  isort: skip

import psutil

from bench.load import Cost, measure, median, post
from tests.deployment import server_id
from tests.functional.client import TOKENS
from tests.integration.nova import cloud as clouds

SERVER = f'/v2.1/servers/{server_id("01")}'

REQUESTS = {
    'os-getSerialConsole': {'path': f'{SERVER}/action'},
    'passed on: GET servers/{id}': {'path': SERVER, 'method': 'GET', 'body': None},
    'passed on: GET flavors': {
        'path': '/v2.1/flavors',
        'method': 'GET',
        'body': None,
    },
    'passed on: the action lock': {
        'path': f'{SERVER}/action',
        'body': '{"lock": null}',
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--calls', type=int, default=160)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        cloud = clouds.Cloud(Path(directory))
        try:
            cloud.start()
            apis = {'Nova': cloud.start_api('plain', clouds.paste())}
            for look_up in ('nova', 'upstream'):
                apis[look_up] = cloud.start_api_with_filter(
                    f'api-{look_up}', clouds.console_ext(look_up)
                )
            for name, request in REQUESTS.items():
                for clients in (1, 16):
                    print(f'{name}, {clients} client(s)')
                    compare(cloud, apis, request, clients, args)
            for name, url in apis.items():
                process = psutil.Process(cloud.worker_of(url))
                print(f'{name:10} RSS {process.memory_info().rss / 2**20:.0f} MB')
        finally:
            cloud.stop()


def compare(cloud, apis, request, clients, args) -> None:
    costs: dict[str, list[Cost]] = {name: [] for name in apis}
    for number in range(args.rounds + 1):
        for name, url in apis.items():
            port = int(url.rpartition(':')[2])
            once = post(port, token=TOKENS['alice'], **request)
            cost = measure(once, cloud.worker_of(url), clients, args.calls)
            if number:  # the first round warms them up
                costs[name].append(cost)
    for name, all_costs in costs.items():
        cost = median(all_costs)
        ratio = statistics.median(
            ours.cpu_ms / theirs.cpu_ms
            for ours, theirs in zip(all_costs, costs['Nova'], strict=True)
        )
        print(
            f'  {name:10} {cost.calls_per_s:6.1f}/s  p50 {cost.p50_ms:7.1f} ms  '
            f'p99 {cost.p99_ms:7.1f} ms  CPU {cost.cpu_ms:6.2f} ms  '
            f'CPU to Nova {ratio:.2f}'
        )


if __name__ == '__main__':
    main()
