# SPDX-License-Identifier: Apache-2.0
"""The agent with messages that no client of Nova sends."""

from __future__ import annotations

import json
import uuid

import kombu
import psutil
import pytest

from console_ext.rpc import instance, probe
from tests.parts.deployment import server_id
from tests.parts.programs import Programs

HOST = 'compute-1'


def envelope(message, version='2.0'):
    return json.dumps({'oslo.version': version, 'oslo.message': message})


def message(method='get_serial_console', reply_q=None, **changes):
    """A call as oslo.messaging sends it, with or without a reply queue."""
    values = {
        'method': method,
        'args': {
            'console_type': 'serial',
            'instance': instance.to_primitive(server_id('01')),
        },
        'version': '5.0',
        '_unique_id': uuid.uuid4().hex,
    }
    if reply_q is not None:
        values |= {'_msg_id': uuid.uuid4().hex, '_reply_q': reply_q}
    return json.dumps({**values, **changes})


MESSAGES = {
    # Bodies.
    'empty': '',
    'no JSON': '{"oslo.version": ',
    'not UTF-8': b'\xff\xfe\x00',
    'a text': '"text"',
    'a number': '7',
    'null': 'null',
    'a list': '[1, 2]',
    'deep': '[' * 100_000,
    'a huge number': '{"method": ' + '9' * 100_000 + '}',
    # Envelopes.
    'envelope of another version': envelope(message(), '3.0'),
    'envelope of no version': envelope(message(), None),
    'envelope of an odd version': envelope(message(), 'x' * 100),
    'envelope of a number': envelope(7),
    'envelope of a list': envelope('[]'),
    'envelope of no JSON': envelope('{'),
    'empty envelope': envelope('{}'),
    # Calls.
    'no envelope': message(),
    'no method': envelope(message(method=None)),
    'unknown method': envelope(message('reboot_instance')),
    'a list for a method': envelope(message(method=['x'])),
    'a list of arguments': envelope(message(args=['x'])),
    'arguments are a text': envelope(message(args='x')),
    'unknown arguments': envelope(message(args={'x': 1})),
    'no arguments': envelope(message(args={})),
    'a number for a version': envelope(message(version=5)),
    'an odd version': envelope(message(version='five')),
    'another namespace': envelope(message(namespace='x')),
    'a list for a namespace': envelope(message(namespace=['x'])),
    'no instance': envelope(message(args={'console_type': 's', 'instance': None})),
    'an odd instance': envelope(
        message(args={'console_type': 's', 'instance': {'nova_object.data': []}})
    ),
    'an odd type': envelope(
        message('get_spice_console', args={'console_type': [{}], 'instance': {}})
    ),
    'reply to nobody': envelope(message(reply_q='reply_nobody')),
    'an odd reply queue': envelope(message(reply_q={'x': 1})),
    'an odd timeout': envelope(message(reply_q='reply_nobody', _timeout='x')),
    'an odd context': envelope(message(_context_user=[{'x': 1}])),
    'no unique id': envelope(message(_unique_id=None)),
    'a huge name': envelope(message(args={'x' * 5_000_000: 'y'})),
    'huge': envelope(message(args={'x': 'y' * 20_000_000})),
}

ROUNDS = 20


@pytest.fixture
def agent(deployment, programs: Programs, broker):
    deployment.configure(DEFAULT={'transport_url': broker.url})
    agent = programs.start(
        'console-ext-agent', '--config-file', str(deployment.config_file)
    )
    agent.wait_for('Answering for compute host')
    return agent


@pytest.fixture
def publish(broker):
    """A function that puts a body into the agent's queue."""
    # Declared as by oslo.messaging.
    exchange = kombu.Exchange('nova', 'topic', durable=False)
    with kombu.Connection(broker.url.replace('rabbit:', 'amqp:')) as connection:
        producer = kombu.Producer(connection.channel(), exchange, f'compute.{HOST}')

        def publish(body, content_type='application/json'):
            producer.publish(body, content_type=content_type, content_encoding='utf-8')

        yield publish


def test_it_goes_on_answering(agent, publish, deployment):
    """It answers after each message; the log has each kind of failure once."""
    conf = deployment.conf()
    threads = psutil.Process(agent.process.pid).num_threads
    started_with = threads()
    for name, body in MESSAGES.items():
        publish(body)
        assert probe.host_problem(conf, HOST, 60) is None, name
    once = agent.log.count('Traceback')
    assert 0 < once < 2 * len(MESSAGES)
    for _ in range(ROUNDS):
        for body in MESSAGES.values():
            if len(body) < 1_000_000:
                publish(body)
    publish('nonsense', content_type='application/x-unknown')
    assert probe.host_problem(conf, HOST, 60) is None
    # Chained errors have a traceback for each link.
    assert agent.log.count('Traceback') <= once + 5
    assert len(agent.log) < 1_000_000
    # A pool of threads for calls, and one of connections with a thread each.
    pools = (
        conf.executor_thread_pool_size + conf.oslo_messaging_rabbit.rpc_conn_pool_size
    )
    assert threads() <= started_with + pools
    assert agent.stop() == 0
