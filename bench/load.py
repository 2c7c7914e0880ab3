# SPDX-License-Identifier: Apache-2.0
"""Makes many calls and measures their cost."""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

HEADERS = {'Content-Type': 'application/json'}
BODY = json.dumps({'os-getSerialConsole': {'type': 'serial'}})


@dataclass(frozen=True, slots=True)
class Request:
    """A request, by default for a console with the action.

    :param version: the microversion; None for the default, 2.1
    """

    path: str
    method: str = 'POST'
    body: str | None = BODY
    version: str | None = None


def action(server: str) -> Request:
    """
    :param server: the path of the server
    """
    return Request(f'{server}/action')


def resource(server: str) -> Request:
    """The request of today's clients for the same console.

    :param server: the path of the server
    """
    body = {'remote_console': {'protocol': 'serial', 'type': 'serial'}}
    return Request(f'{server}/remote-consoles', body=json.dumps(body), version='2.99')


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a run of calls.

    :param cpu_ms: CPU time of the server process per call
    """

    calls_per_s: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


def sender(
    port: int, request: Request, *, token: str | None = None
) -> Callable[[], None]:
    """Return a function that sends the request once."""
    headers = {**HEADERS}
    if token is not None:
        headers['X-Auth-Token'] = token
    if request.version is not None:
        headers['OpenStack-API-Version'] = f'compute {request.version}'

    def once() -> None:
        # A new connection each time: uwsgi does not keep connections alive.
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
        connection.request(request.method, request.path, request.body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status not in (200, 202):
            raise RuntimeError(f'{answer.status}: {text!r}')

    return once


def measure(once: Callable[[], None], pid: int, clients: int, calls: int) -> Cost:
    """Run clients in parallel; each makes its calls one after the other.

    :param pid: the process whose CPU time is measured
    :param calls: the total number of calls of all clients
    """
    process = psutil.Process(pid)
    seconds: list[float] = []
    errors: list[Exception] = []
    each = calls // clients

    def run() -> None:
        try:
            for _ in range(each):
                started = time.perf_counter()
                once()
                seconds.append(time.perf_counter() - started)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(clients)]
    before = sum(process.cpu_times()[:2])
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - started
    if errors:
        raise errors[0]
    cpu = sum(process.cpu_times()[:2]) - before
    ranked = sorted(seconds)
    return Cost(
        calls_per_s=len(ranked) / took,
        p50_ms=statistics.median(ranked) * 1000,
        p99_ms=ranked[int(len(ranked) * 0.99) - 1] * 1000,
        cpu_ms=cpu * 1000 / len(ranked),
    )


def median(costs: list[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(
        *(
            statistics.median(getattr(cost, name) for cost in costs)
            for name in Cost.__slots__
        )
    )
