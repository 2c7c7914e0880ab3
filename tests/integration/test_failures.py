# SPDX-License-Identifier: Apache-2.0
"""A thousand failing calls in a row leave nothing behind in the API."""

from __future__ import annotations

import concurrent.futures
import contextlib
import signal

import psutil
import pytest

from tests.integration.test_rabbitmq import API
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for

CLIENTS = 8

# How many calls fail in each way, and their status.
REFUSED = ('07', 456, 400)
NOBODY = ('08', 520, 503)
SILENT = ('01', 24, 503)


class Held:
    """The resources of a process."""

    def __init__(self, program):
        process = psutil.Process(program.process.pid)
        self.threads = process.num_threads()
        self.files = process.num_fds()
        self.connections = sum(
            one.status == psutil.CONN_ESTABLISHED
            for one in process.net_connections('tcp')
        )

    def exceeds(self, other):
        """Whether it is more than the calls at one time explain."""
        return (
            self.threads > other.threads + CLIENTS
            or self.files > other.files + CLIENTS
            or self.connections > other.connections + CLIENTS
        )


@pytest.fixture
def api(deployment, broker, programs):
    """A function that sends many requests to the API; it has agent and program."""
    port = free_port()
    deployment.configure(
        DEFAULT={'transport_url': broker.url},
        api={'listen_port': port, 'threads': CLIENTS},
        # Enough for an agent that pauses.
        console_rpc={'timeout': 5},
    )
    option = ('--config-file', str(deployment.config_file))
    agent = programs.start('console-ext-agent', *option)
    agent.wait_for('Answering for compute host')
    program = programs.start('console-ext-api', *option)
    program.wait_for('Serving on')

    def ask(number, count, status):
        def one_client(_):
            client = API(port)
            for _ in range(count // CLIENTS):
                assert client.ask(number).status_code == status

        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(one_client, range(CLIENTS)))

    ask.agent, ask.program, ask.port = agent, program, port
    return ask


@contextlib.contextmanager
def silent(agent):
    """Within the block, the host does not answer."""
    agent.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        agent.process.send_signal(signal.SIGCONT)


@pytest.mark.timeout(300)
def test_a_thousand_failures(api):
    """Threads, descriptors and connections are as many as after the first failures."""

    def fail(share):
        for number, count, status in (REFUSED, NOBODY):
            api(number, count // share, status)
        with silent(api.agent):
            api(SILENT[0], max(SILENT[1] // share, CLIENTS), SILENT[2])
        # It first answers the calls that have timed out by now.
        wait_for(lambda: API(api.port).ask(REFUSED[0]).status_code == REFUSED[2])

    fail(20)
    first = Held(api.program)
    fail(1)
    # Connections of clients that have left are closed soon.
    wait_for(lambda: not Held(api.program).exceeds(first))
    assert api.program.stop() == 0
    assert 'Traceback' not in api.program.log
