# SPDX-License-Identifier: Apache-2.0
"""nova-compute and our agent give the same answers to Nova and to us."""

from __future__ import annotations

import dataclasses

import pytest

from console_ext import conf as config
from console_ext import consoles, exceptions
from console_ext.context import RequestContext
from console_ext.rpc import probe
from console_ext.rpc.client import ComputeClient
from console_ext.rpc.instance import Instance
from tests.integration.nova.client import Client
from tests.parts.api_client import SERIAL, SPICE
from tests.parts.deployment import PROJECT_A, Deployment, server, server_id

HOST = 'agent-1'

# A running server, one whose host has no consoles for it, and an unknown one.
SERVERS = {
    'nova-compute': {'host': 'compute-1', 'with': '01', 'refused': '22'},
    'agent': {'host': HOST, 'with': '71', 'refused': '72'},
}


@pytest.fixture(scope='module')
def agent(cloud, tmp_path_factory):
    """Our agent as a compute host of the cloud."""
    deployment = Deployment(tmp_path_factory.mktemp('agent'))
    servers = [server('71', host=HOST), server('72', host=HOST, consoles={})]
    deployment.write_inventory(servers)
    deployment.configure(DEFAULT={'host': HOST, 'transport_url': cloud.broker.url})
    cloud.seed(servers)
    program = cloud.start_program(
        'console-ext-agent', '--config-file', deployment.config_file
    )
    program.wait_for('Answering for compute host')
    return deployment


@pytest.fixture
def compute(agent):
    client = ComputeClient(config.load([str(agent.config_file)]))
    yield client
    client.close()


@pytest.fixture
def context():
    return RequestContext(
        user_id='alice', project_id=PROJECT_A, roles=['member'], overwrite=False
    )


@pytest.mark.parametrize('peer', SERVERS)
def test_consoles(compute, context, peer):
    """Their addresses, with a new token for each."""
    of = SERVERS[peer]
    asked = Instance(server_id(of['with']))
    serial = compute.get_console(context, of['host'], asked, consoles.SERIAL)
    spice = compute.get_console(context, of['host'], asked, consoles.SPICE_HTML5)
    for info in (serial, spice):
        assert info.token in info.access_url
        assert isinstance(info.port, int)
    assert serial.token != spice.token
    assert serial.tls_port is None
    for port, valid in ((spice.port, True), (1, False)):
        answer = compute.validate_console_port(
            context, of['host'], asked, 'spice-html5', port
        )
        assert answer.result(10) is valid


@pytest.mark.parametrize('peer', SERVERS)
def test_ping(agent, peer):
    """Whether the service is running."""
    conf = config.load([str(agent.config_file)])
    assert probe.host_problem(conf, SERVERS[peer]['host'], 10) is None
    assert probe.host_problem(conf, 'ghost', 10) is not None


@pytest.mark.parametrize('peer', SERVERS)
def test_errors(compute, context, peer):
    """The names on the wire are the same."""
    of = SERVERS[peer]
    refused, asked = Instance(server_id(of['refused'])), Instance(server_id(of['with']))
    with pytest.raises(exceptions.ConsoleTypeUnavailable):
        compute.get_console(context, of['host'], refused, consoles.SERIAL)
    unknown = dataclasses.replace(consoles.SPICE_HTML5, type='x')
    with pytest.raises(exceptions.InvalidConsoleType):
        compute.get_console(context, of['host'], asked, unknown)


@pytest.mark.parametrize('body', [SERIAL, SPICE])
def test_nova_asks_our_agent(plain, agent, body):
    """An unmodified nova-api gets a URL."""
    response = Client(plain).console('71', body)
    assert response.status_code == 200, response.text
    assert '?token=' in response.json()['console']['url']


def test_nova_understands_our_agent_s_errors(plain, agent):
    """As those of nova-compute."""
    response = Client(plain).console('72')
    assert response.status_code == 400
    assert response.json()['badRequest']['message'] == (
        'Unavailable console type serial.'
    )
