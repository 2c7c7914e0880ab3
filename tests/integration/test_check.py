# SPDX-License-Identifier: Apache-2.0
"""``console-ext-manage check`` with a real broker."""

from __future__ import annotations

import pytest

from tests.parts.deployment import Deployment, server_id
from tests.parts.programs import check
from tests.parts.rabbitmq import Broker


@pytest.fixture
def lines(broker, deployment):
    """Return the lines for a bus URL, and for one server."""

    def of(url, number='01'):
        deployment.configure(
            DEFAULT={'transport_url': url}, console_rpc={'timeout': 20}
        )
        return check([deployment.config_file], '--server', server_id(number))

    return of


@pytest.fixture
def agent(broker, programs, tmp_path_factory):
    """The compute host compute-1."""
    deployment = Deployment(tmp_path_factory.mktemp('agent'))
    deployment.configure(DEFAULT={'transport_url': broker.url})
    agent = programs.start(
        'console-ext-agent', '--config-file', str(deployment.config_file)
    )
    agent.wait_for('Answering for compute host')
    return agent


def name_of(broker):
    return 'broker ' + broker.url.rpartition('@')[2].rstrip('/')


def test_broker_and_hosts(broker, lines, agent):
    """No console is requested, and no log has an error."""
    seen = lines(broker.url)
    assert seen[name_of(broker)] == 'ok     accepts the connection'
    assert seen['compute host compute-1'] == 'ok     answers'
    assert lines(broker.url, '08')['compute host ghost'] == (
        'WRONG  it has no queue: its compute service is not running on this bus'
    )
    assert 'ERROR' not in agent.log


@pytest.mark.parametrize(
    ('old', 'new', 'says'),
    [
        ('guest:guest', 'guest:swordfish', 'it rejects the user or the password'),
        ('guest:guest', 'nobody:swordfish', 'it rejects the user or the password'),
        ('/', '/swordfish', 'it has no such virtual host, or the user may not use it'),
    ],
)
def test_broker_that_refuses(broker, lines, old, new, says):
    """The broker runs but rejects the password; then no host is called."""
    before, _, after = broker.url.rpartition(old)
    seen = lines(before + new + after)
    assert seen[name_of(broker)] == f'WRONG  {says}'
    assert not [part for part in seen if part.startswith('compute host')]


def test_one_of_two_brokers(broker, lines, agent):
    """Each broker has a line, and one working broker is enough."""
    seen = lines(broker.url.rstrip('/') + ',guest:guest@127.0.0.1:1/')
    assert seen[name_of(broker)] == 'ok     accepts the connection'
    assert seen['broker 127.0.0.1:1'].startswith('WRONG  it cannot be reached')


def test_broker_that_is_away(tmp_path, lines):
    """The broker has stopped."""
    broker = Broker(tmp_path)
    seen = lines(broker.url)
    assert seen[name_of(broker)] == 'WRONG  it cannot be reached: connection refused'
