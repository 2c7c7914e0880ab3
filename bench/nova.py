# SPDX-License-Identifier: Apache-2.0
"""Requests for a console through a real nova-api: ``python -m bench.nova``.

Three APIs of one Nova, each a uwsgi process with 16 threads: without the filter, with
the filter and ``servers = nova``, and with the filter and ``servers = upstream``.  They
take turns, and the figures are medians of the rounds.  Requests that the filter only
passes on are measured through Nova, and also with an application that does nothing,
because Nova's own time hides the filter's.  The requirements are those of
tests/integration/nova.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import console_ext.cmd  # noqa: F401  isort: skip

import psutil
import webob

from bench.load import Cost, Request, action, measure, median, resource, sender
from console_ext.wsgi.filter import build_filter
from tests.parts import nova as clouds
from tests.parts.api_client import TOKENS
from tests.parts.deployment import Deployment, server, server_id

PASSED_ON = 'passed on'
PASSED_ON_CALLS = 500

PREFIX = '/v2.1'
SERVER = f'{PREFIX}/servers/{server_id("01")}'

REQUESTS = {
    'os-getSerialConsole': action(SERVER),
    'remote-consoles': resource(SERVER),
    'passed on: GET servers/{id}': Request(SERVER, 'GET', None),
    'passed on: GET flavors': Request(f'{PREFIX}/flavors', 'GET', None),
    'passed on: the action lock': Request(f'{SERVER}/action', body='{"lock": null}'),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--calls', type=int, default=160)
    parser.add_argument('--only', default='', help='a part of what is asked')
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
                if args.only not in name:
                    continue
                for clients in (1, 16):
                    print(f'{name}, {clients} client(s)', flush=True)
                    nova_ms = compare(cloud, apis, request, clients, args)
                if name.startswith(PASSED_ON):
                    us = passing_on(Path(directory) / 'bench', request)
                    print(
                        f'  the filter itself: {us:.1f} µs, '
                        f'{us / nova_ms / 10:.2f} % of what Nova takes'
                    )
            for name, url in apis.items():
                process = psutil.Process(cloud.worker_of(url))
                print(f'{name:10} RSS {process.memory_info().rss / 2**20:.0f} MB')
        finally:
            cloud.stop()


def compare(
    cloud: clouds.Cloud,
    apis: Mapping[str, str],
    request: Request,
    clients: int,
    args: argparse.Namespace,
) -> float:
    """
    :returns: Nova's own CPU time per request, in milliseconds
    """
    costs: dict[str, list[Cost]] = {name: [] for name in apis}
    for number in range(args.rounds + 1):
        for name, url in apis.items():
            port = int(url.rpartition(':')[2])
            once = sender(port, request, token=TOKENS['alice'])
            cost = measure(once, cloud.worker_of(url), clients, args.calls)
            if number:  # The first round is a warm-up.
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
    return median(costs['Nova']).cpu_ms


def passing_on(directory: Path, request: Request) -> float:
    """Measure the additional CPU time of a request with the filter, in microseconds."""
    directory.mkdir(exist_ok=True)
    deployment = Deployment(directory)
    deployment.write_inventory([server('01')])

    def application(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> list[bytes]:
        start_response('200 OK', [])
        return [b'']

    def environ() -> WSGIEnvironment:
        # paste removes the first part of the path.
        return webob.Request.blank(
            request.path.removeprefix(PREFIX),
            base_url=f'http://127.0.0.1{PREFIX}',
            method=request.method,
            body=(request.body or '').encode(),
            content_type='application/json',
        ).environ

    with_filter = build_filter(deployment.conf(), application)

    def once(one: WSGIApplication) -> float:
        environs = [environ() for _ in range(PASSED_ON_CALLS)]
        started = time.thread_time()
        for each in environs:
            one(each, lambda *_args: lambda _data: None)
        return (time.thread_time() - started) * 1e6 / PASSED_ON_CALLS

    differences = [once(with_filter) - once(application) for _ in range(20)]
    with_filter.close()
    return statistics.median(differences)


if __name__ == '__main__':
    main()
