# SPDX-License-Identifier: Apache-2.0
"""Problems with a broker; tests/integration has real brokers."""

import functools
import socket

import kombu.connection
import oslo_messaging
import pytest

from console_ext.compute import base as compute
from console_ext.rpc import probe
from console_ext.rpc.server import ComputeServer


def broker(conf, url):
    (one,) = probe.brokers_of(conf, url)
    return one


def test_brokers_of_a_bus(deployment):
    """Brokers are listed separately, without passwords."""
    conf = deployment.conf()
    one, two = probe.brokers_of(conf, 'rabbit://a:secret@one:5671,b:c@two/v?ssl=1')
    assert (one.name, one.url) == ('one:5671', 'rabbit://a:secret@one:5671/v?ssl=1')
    assert (two.name, two.url) == ('two:5672', 'rabbit://b:c@two/v?ssl=1')
    assert 'secret' not in repr(one)
    assert broker(conf, None).name == 'fake'
    assert broker(conf, 'rabbit://').name == 'localhost:5672'


def test_invalid_url(deployment):
    with pytest.raises(oslo_messaging.InvalidTransportURL):
        probe.brokers_of(deployment.conf(), 'rabbit//x')


@pytest.mark.parametrize(
    ('url', 'why'),
    [
        ('fake:/', None),
        ('rabbit://u:p@127.0.0.1:1/', 'it cannot be reached: connection refused'),
        ('rabbit://u:p@broker.invalid/', 'its name cannot be resolved'),
        ('nothing://u:p@127.0.0.1/', "there is no driver for 'nothing'"),
    ],
)
def test_broker_problem(deployment, url, why):
    conf = deployment.conf()
    assert probe.broker_problem(conf, broker(conf, url)) == why


def test_no_amqp(deployment, monkeypatch):
    """A port that accepts connections but does not speak AMQP."""
    # The library leaves it at 5 s.
    short = functools.partial(kombu.connection.Connection, connect_timeout=0.5)
    monkeypatch.setattr(kombu.connection, 'Connection', short)
    conf = deployment.conf()
    with socket.create_server(('127.0.0.1', 0)) as silent:
        url = f'rabbit://u:p@127.0.0.1:{silent.getsockname()[1]}/'
        assert probe.broker_problem(conf, broker(conf, url)) == (
            'it cannot be reached, or does not speak AMQP: no answer in time'
        )


def test_host(deployment):
    """A host that answers, and one without a queue; the agent logs no error."""
    conf = deployment.conf()
    server = ComputeServer(conf, compute.load(conf))
    server.start()
    try:
        assert probe.host_problem(conf, 'compute-1', 30) is None
        # The driver for tests never reports missing queues.
        assert probe.host_problem(conf, 'ghost', 0.5) == (
            'it has a queue, but does not answer within 0.5 s'
        )
    finally:
        server.stop()
