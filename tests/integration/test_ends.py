# SPDX-License-Identifier: Apache-2.0
"""Every program ends in time, whatever the state of its peers is."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import threading
import time

import pytest
import requests
from websockets.sync.client import connect

from tests.integration.consoles import status_of

DRAIN_S = 1.0
# The time for the end besides the drain, and for a busy machine.
END_S = 5.0
SLACK_S = 10.0


@contextlib.contextmanager
def locked(path):
    """Within the block, nobody else can use the store."""
    store = sqlite3.connect(path, isolation_level=None)
    try:
        store.execute('BEGIN EXCLUSIVE')
        yield
        store.execute('ROLLBACK')
    finally:
        store.close()


@contextlib.contextmanager
def frozen(program):
    """Within the block, a program is stopped by SIGSTOP."""
    program.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        program.process.send_signal(signal.SIGCONT)


@pytest.fixture
def running(cloud, deployment):
    """A function that starts the three programs and opens a console."""
    with contextlib.ExitStack() as stack:

        def start(*proxy_args):
            options = {'drain_timeout': DRAIN_S}
            cloud.start(*proxy_args, console_proxy=options)
            stack.enter_context(connect(cloud.url()))
            return cloud

        yield start


def end(program, number=signal.SIGTERM):
    """Return how long a program takes to end after a signal; its status must be 0."""
    started = time.monotonic()
    assert program.stop(number, timeout_s=60) == 0, program.log
    assert 'Traceback' not in program.log
    return time.monotonic() - started


def end_all(programs):
    """Signal all at once, and return the time that each takes."""
    times = {}

    def end_one(name, program):
        times[name] = end(program)

    threads = [threading.Thread(target=end_one, args=item) for item in programs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(times) == set(programs)
    return times


@contextlib.contextmanager
def requests_under_way(cloud):
    """A client requests a console, and another opens one."""

    def ask():
        with contextlib.suppress(requests.RequestException):
            cloud.ask()

    def open_one(url):
        with contextlib.suppress(Exception):
            status_of(url)

    url = cloud.url()
    threads = [
        threading.Thread(target=ask),
        threading.Thread(target=open_one, args=(url,)),
    ]
    yield lambda: [thread.start() for thread in threads]
    for thread in threads:
        thread.join(60)


@pytest.mark.parametrize('workers', ['1', '2'])
@pytest.mark.parametrize(
    'state',
    ['well', 'broker away', 'broker frozen', 'store locked', 'host frozen'],
)
def test_end(running, broker, deployment, state, workers):
    """Within the drain time plus 5 s, with calls in progress."""
    cloud = running('--workers', workers)
    programs = {'API': cloud.api, 'agent': cloud.agent, 'proxy': cloud.proxy}
    held = {
        'well': contextlib.nullcontext,
        'broker away': broker.away,
        'broker frozen': broker.frozen,
        'store locked': lambda: locked(deployment.path / 'console.db'),
        'host frozen': lambda: frozen(programs.pop('agent')),
    }[state]
    with requests_under_way(cloud) as begin, held():
        begin()
        # The requests are waiting for the peer that does not answer.
        time.sleep(0.5)
        times = end_all(programs)
    print(state, workers, times)
    assert max(times.values()) < DRAIN_S + END_S + SLACK_S, times


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize('state', ['away', 'frozen'])
def test_agent_that_waits_for_a_broker(deployment, programs, broker, state, number):
    """It has nothing to finish, and ends at once."""
    deployment.configure(DEFAULT={'transport_url': broker.url, 'debug': True})
    with getattr(broker, state)():
        agent = programs.start(
            'console-ext-agent', '--config-file', str(deployment.config_file)
        )
        # The steps before the connection take a moment.
        agent.wait_for('oslo')
        assert end(agent, number) < END_S + SLACK_S
