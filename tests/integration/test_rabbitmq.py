# SPDX-License-Identifier: Apache-2.0
"""API and agent in processes of their own, with a RabbitMQ that fails and returns."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections import Counter

import oslo_messaging
import pytest
import requests

from console_ext import exceptions
from console_ext.consoles import NOVNC
from console_ext.context import RequestContext
from console_ext.rpc import transport
from console_ext.rpc.client import ComputeClient
from console_ext.rpc.instance import Instance
from tests.parts.deployment import Deployment, server_id
from tests.parts.programs import Programs, free_port
from tests.parts.waiting import wait_for

SERIAL = {'os-getSerialConsole': {'type': 'serial'}}
SPICE = {'os-getSPICEConsole': {'type': 'spice-html5'}}

TIMEOUT_S = 6

# The time of an answer beyond its timeout, on a busy machine.
LATE_S = 5

TOKEN = re.compile(r'token=([0-9a-f-]{36})')


class API:
    """A client of a running console-ext-api."""

    def __init__(self, port: int):
        self._session = requests.Session()
        self._url = f'http://127.0.0.1:{port}/v2.1/servers'
        self.tokens: list[str] = []

    def ask(self, number='01', body=SERIAL, timeout_s=10 * TIMEOUT_S):
        answer = self._session.post(
            f'{self._url}/{server_id(number)}/action', json=body, timeout=timeout_s
        )
        self.tokens += TOKEN.findall(answer.text)
        return answer

    def timed(self, number='01'):
        started = time.monotonic()
        answer = self.ask(number)
        return answer, time.monotonic() - started


@pytest.fixture
def hosts(deployment: Deployment, broker, programs: Programs):
    """Start console-ext-api and console-ext-agent, at DEBUG, on the broker."""
    port = free_port()
    deployment.configure(
        DEFAULT={'transport_url': broker.url, 'debug': True},
        api={'listen_port': port},
        console_rpc={'timeout': TIMEOUT_S},
    )
    option = ('--config-file', str(deployment.config_file))

    class Hosts:
        url_port = port

        def start_api(self):
            self.api = programs.start('console-ext-api', *option)
            self.api.wait_for('Serving on')
            return API(port)

        def start_agent(self):
            self.agent = programs.start('console-ext-agent', *option)
            self.agent.wait_for('Answering for compute host')

    return Hosts()


def test_over_the_bus(hosts):
    """Both consoles, each refusal of the host, and a host that does not run."""
    hosts.start_agent()
    api = hosts.start_api()
    assert api.ask().json()['console']['type'] == 'serial'
    assert api.ask(body=SPICE).json()['console']['type'] == 'spice-html5'
    answer = api.ask('07')
    assert answer.status_code == 400
    assert answer.json()['badRequest']['message'] == 'Unavailable console type serial.'
    answer, seconds = api.timed('08')
    assert answer.status_code == 503
    assert int(answer.headers['Retry-After']) > 0
    assert seconds < TIMEOUT_S
    assert 'ghost' not in answer.text

    assert hosts.api.stop() == 0
    assert hosts.agent.stop() == 0
    assert len(api.tokens) == 2
    for program in (hosts.api, hosts.agent):
        assert 'Traceback' not in program.log
    # oslo.messaging logs no message below TRACE, and the agent must not either.
    for token in api.tokens:
        assert token not in hosts.api.log
        assert token not in hosts.agent.log


def test_broker_killed_under_load(hosts, broker):
    """Every answer is 200 or 503 in time; after the return, it is 200."""
    hosts.start_agent()
    api = hosts.start_api()
    wait_for(lambda: api.ask().status_code == 200)
    stop = threading.Event()
    seen: Counter[int] = Counter()
    slowest = [0.0]

    def load():
        own = API(hosts.url_port)
        while not stop.is_set():
            answer, seconds = own.timed()
            seen[answer.status_code] += 1
            slowest[0] = max(slowest[0], seconds)
            if answer.status_code == 503:
                assert int(answer.headers['Retry-After']) > 0
                time.sleep(0.05)

    threads = [threading.Thread(target=load) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: seen[200] > 20)
        broker.kill()
        time.sleep(TIMEOUT_S + 2)
        wait_for(lambda: seen[503] > 6)
        broker.start()
        answer = api.ask()
        before = seen[200]
        wait_for(lambda: seen[200] > before)
    finally:
        stop.set()
    for thread in threads:
        thread.join(10 * TIMEOUT_S)
        assert not thread.is_alive()

    assert answer.status_code == 200, answer.text
    assert set(seen) == {200, 503}
    assert slowest[0] < TIMEOUT_S + LATE_S
    assert hosts.api.stop() == 0


def test_broker_back_while_nobody_asked(hosts, broker):
    """A broker that restarted between two requests causes no failure."""
    hosts.start_agent()
    api = hosts.start_api()
    wait_for(lambda: api.ask().status_code == 200)
    broker.kill()
    time.sleep(1)
    broker.start()
    assert api.ask().status_code == 200


def test_broker_away_at_the_start(hosts, broker):
    """The API starts without a broker, refuses at once, and works when one starts."""
    broker.kill()
    try:
        api = hosts.start_api()
        answer, seconds = api.timed()
        assert answer.status_code == 503
        assert answer.json()['serviceUnavailable']['message'] == (
            'The message bus is unavailable. Try again later.'
        )
        assert seconds < TIMEOUT_S
    finally:
        broker.start()
    hosts.start_agent()
    assert api.ask().status_code == 200


def test_agent_killed(hosts):
    """A dead agent leads to 503 in time, and a new one is used at once."""
    hosts.start_agent()
    api = hosts.start_api()
    wait_for(lambda: api.ask().status_code == 200)
    hosts.agent.kill()
    answer, seconds = api.timed()
    assert answer.status_code == 503
    assert seconds < TIMEOUT_S + LATE_S
    hosts.start_agent()
    wait_for(lambda: api.ask().status_code == 200, 2 * TIMEOUT_S)


def test_api_stops_while_the_broker_is_away(hosts, broker):
    """Calls that wait for a broker do not delay the end."""
    hosts.start_agent()
    api = hosts.start_api()
    wait_for(lambda: api.ask().status_code == 200)
    broker.kill()
    try:
        assert api.ask().status_code == 503
        assert hosts.api.stop(signal.SIGTERM) == 0
    finally:
        broker.start()


class ShuttingDown:
    """What a nova-compute still answers during a graceful shutdown."""

    # Nova serves the methods of version 5 besides those of 6.
    target = oslo_messaging.Target(version='5.13')

    @oslo_messaging.expose
    def validate_console_port(self, context, instance, port, console_type):
        return port == '5900'


def test_host_that_shuts_down_gracefully(deployment, broker):
    """It no longer has a queue on the usual topic, but on another."""
    conf = deployment.configure(
        DEFAULT={'transport_url': broker.url}, console_rpc={'timeout': TIMEOUT_S}
    ).conf()
    server = oslo_messaging.get_rpc_server(
        transport.connect(conf),
        oslo_messaging.Target(topic='compute-alt', server='leaving'),
        [ShuttingDown()],
        executor='threading',
    )
    server.start()
    compute = ComputeClient(conf)
    context = RequestContext(user_id='alice', project_id='p', overwrite=False)
    asked = Instance('an-id', None, 'active')
    try:
        for port, expected in ((5900, True), (5901, False)):
            valid = compute.validate_console_port(
                context, 'leaving', asked, 'novnc', port
            )
            assert valid.result(10 * TIMEOUT_S) is expected
        # It does not open new consoles.
        with pytest.raises(exceptions.HostUnreachable):
            compute.get_console(context, 'leaving', asked, NOVNC)
    finally:
        compute.close()
        server.stop()
        server.wait()
