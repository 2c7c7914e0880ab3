# SPDX-License-Identifier: Apache-2.0
"""A nova-api with several processes, each with several threads."""

from __future__ import annotations

import collections
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.integration.nova.client import Client
from tests.parts import nova as clouds

MANY = ('--processes', '2', '--threads', '4')
CLIENTS = 8

START_S = 30


def peers(process):
    """Return how many connections a process has, by the remote port."""
    return collections.Counter(
        one.raddr.port
        for one in process.net_connections('tcp')
        if one.status == psutil.CONN_ESTABLISHED
    )


def connected(cloud, url):
    """Return the connections to broker and database, for the master and each worker."""
    broker = int(cloud.broker.url.rpartition(':')[2].rstrip('/'))
    return [
        (seen[broker], seen[cloud.database.port])
        for seen in map(peers, cloud.processes_of(url))
    ]


@pytest.mark.parametrize('when', ['before the fork', 'after the fork'])
def test_processes_and_threads(cloud, when):
    """Workers do not inherit connections, and every worker answers."""
    options = MANY if when == 'before the fork' else (*MANY, '--lazy-apps')
    name = when.replace(' ', '-')
    plain = cloud.start_api(f'plain-{name}', clouds.paste(), options)
    url = cloud.start_api_with_filter(name, clouds.console_ext('nova'), uwsgi=options)
    deadline = time.monotonic() + START_S
    # Nova's own connections to its database; loading the application takes a while.
    while connected(cloud, url) != connected(cloud, plain):
        assert time.monotonic() < deadline, (
            connected(cloud, url),
            connected(cloud, plain),
        )
        time.sleep(0.2)
    before = connected(cloud, url)
    assert [to_broker for to_broker, _ in before] == [0, 0, 0]
    with ThreadPoolExecutor(CLIENTS) as pool:
        while True:
            consoles = [pool.submit(Client(url).console) for _ in range(CLIENTS)]
            assert {done.result().status_code for done in consoles} == {200}
            master, *workers = connected(cloud, url)
            if all(to_broker for to_broker, _ in workers):
                break
            assert time.monotonic() < deadline
    assert master[0] == 0
    for one in (plain, url):
        cloud.stop_program(cloud.program_of(one))
