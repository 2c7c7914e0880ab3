# SPDX-License-Identifier: Apache-2.0
"""What breaks behind the API, and what a client is told.

By its name this module runs after those that compare: a nova-compute that starts again
ends the tasks that it finds its servers in.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.nova.client import Client
from tests.parts.nova import JOINED, PATIENCE, SLOW, SOON

# [console_rpc] timeout plus the time for the rest of a request.
IN_TIME_S = 10 + 4

CLIENTS = 8

# The same for an API with a short timeout.
SOON_S = SOON + 4

# Longer than a compute host needs to reconnect to its broker.
RECOVERY_S = 60


def timed(client, number='01'):
    began = time.monotonic()
    response = client.console(number)
    return response.status_code, time.monotonic() - began


def recovers(client) -> float:
    """Return the seconds until consoles work again; until then, all answers are 503."""
    began = time.monotonic()
    while True:
        status, _ = timed(client)
        if status == 200:
            return time.monotonic() - began
        assert status == 503
        assert time.monotonic() - began < RECOVERY_S


def held(cloud, url) -> tuple[int, int]:
    """Return the number of threads and open files of an API's only worker."""
    worker = cloud.worker_of(url)
    return (
        len(os.listdir(f'/proc/{worker}/task')),
        len(os.listdir(f'/proc/{worker}/fd')),
    )


def test_host_without_a_queue(filtered):
    """The failure is known at once."""
    client = Client(filtered)
    timed(client)
    status, seconds = timed(client, '08')
    assert status == 503
    assert seconds < 3


@pytest.mark.timeout(240)
def test_compute_host_dies_in_a_call(cloud, by_nova):
    """The current call ends in time, later ones at once; then consoles work again."""
    client = Client(by_nova)
    answers = []
    call = threading.Thread(target=lambda: answers.append(timed(client, SLOW)))
    call.start()
    time.sleep(2)
    cloud.stop_program(cloud.computes['compute-1'])
    call.join()
    ((status, seconds),) = answers
    assert (status, seconds < IN_TIME_S) == (503, True)
    status, seconds = timed(client)
    assert (status, seconds < IN_TIME_S) == (503, True)
    cloud.start_compute('compute-1').wait_for(JOINED, 60)
    assert timed(client)[0] == 200


def test_compute_host_gives_up_first(cloud, patient):
    """The host reports a conductor that does not answer, so a retry makes sense."""
    client = Client(patient)
    assert timed(client)[0] == 200
    cloud.signal(cloud.conductor, signal.SIGSTOP)
    try:
        status, seconds = timed(client)
    finally:
        cloud.signal(cloud.conductor, signal.SIGCONT)
    assert (status, seconds < PATIENCE) == (503, True)
    assert timed(client)[0] == 200


@pytest.mark.timeout(300)
def test_broker_goes_and_comes_under_load(cloud, by_nova, by_upstream):
    """Every answer is clear and in time, and nothing is left behind."""
    clients = [Client(by_nova), Client(by_upstream)]
    for client in clients:
        for _ in range(20):
            assert timed(client)[0] == 200
    before = [held(cloud, client.url) for client in clients]
    running = threading.Event()
    running.set()

    def load(client):
        seen = []
        client = Client(client.url)
        while running.is_set():
            seen.append(timed(client))
        return seen

    with ThreadPoolExecutor(4) as pool:
        loads = [pool.submit(load, client) for client in clients * 2]
        try:
            time.sleep(2)
            cloud.broker.kill()
            time.sleep(5)
            cloud.broker.start()
            times = [recovers(client) for client in clients]
            time.sleep(2)
        finally:
            running.clear()
    seen = [one for done in loads for one in done.result()]
    assert {status for status, _ in seen} == {200, 503}
    assert max(seconds for _, seconds in seen) < IN_TIME_S
    assert max(times) < RECOVERY_S
    for client, (threads, files) in zip(clients, before, strict=True):
        for _ in range(5):
            assert timed(client)[0] == 200
        now_threads, now_files = held(cloud, client.url)
        # Pools of threads and connections may have grown as the load required.
        assert now_threads <= threads + 8
        assert now_files <= files + 16


@pytest.mark.timeout(240)
def test_conductor_stops(cloud, impatient):
    """A compute host stores its token through the conductor."""
    client = Client(impatient)
    assert timed(client)[0] == 200
    threads, files = held(cloud, impatient)

    def away():
        status, seconds = timed(client)
        assert (status, seconds < SOON_S) == (503, True)

    cloud.signal(cloud.conductor, signal.SIGSTOP)
    try:
        away()
    finally:
        cloud.signal(cloud.conductor, signal.SIGCONT)
    assert timed(client)[0] == 200
    cloud.stop_program(cloud.conductor)
    away()
    cloud.start_conductor().wait_for(JOINED, 60)
    assert timed(client)[0] == 200
    now_threads, now_files = held(cloud, impatient)
    assert now_threads <= threads + 2
    assert now_files <= files + 4


@pytest.mark.timeout(240)
def test_database_goes_and_comes(cloud, impatient):
    """The database hangs or is stopped; a second failure needs no more resources."""
    client = Client(impatient)

    def at_once():
        with ThreadPoolExecutor(CLIENTS) as pool:
            return [*pool.map(lambda _: timed(client), range(CLIENTS))]

    def outage(away, back):
        away()
        try:
            for status, seconds in at_once():
                assert (status, seconds < SOON_S) == (503, True)
        finally:
            back()
        assert timed(client)[0] == 200
        at_once()
        return held(cloud, impatient)

    database = cloud.database
    threads, files = outage(database.freeze, database.thaw)
    outage(database.freeze, database.thaw)
    now_threads, now_files = outage(database.stop, database.start)
    # Pools may have grown as the clients required; resources leaked by abandoned
    # look-ups would be twice as many.
    assert now_threads <= threads + CLIENTS
    assert now_files <= files + CLIENTS
