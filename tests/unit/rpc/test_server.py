# SPDX-License-Identifier: Apache-2.0
"""The server: each method, and its errors on the wire."""

import logging
import threading
import uuid
from urllib import parse

import oslo_messaging
import pytest

from console_ext import access_url
from console_ext.compute import base as compute
from console_ext.consoles import TYPES, Endpoint
from console_ext.rpc import instance, transport
from console_ext.rpc import server as rpc_server
from console_ext.rpc.server import ComputeEndpoint, ComputeServer
from tests.parts.deployment import Deployment, server, server_id


def primitive(number='01', **known):
    return instance.to_primitive(server_id(number), **known)


def endpoint_of(deployment):
    conf = deployment.conf()
    return ComputeEndpoint(conf, compute.load(conf), '5.13')


@pytest.fixture
def endpoint(deployment):
    return endpoint_of(deployment)


def refused(call, *args):
    """Return the error's name on the wire; check that no failure was logged."""
    with pytest.raises(oslo_messaging.ExpectedException) as caught:
        call({}, *args)
    wire_class, wire, _ = caught.value.exc_info
    assert type(wire) is wire_class
    return wire_class.__name__


def test_serial_console(endpoint):
    """The answer has all of Nova's keys, and a new token for each call."""
    info = endpoint.get_serial_console({}, 'serial', primitive())
    token = info.pop('token')
    assert str(uuid.UUID(token, version=4)) == token
    assert info == {
        'host': '127.0.0.1',
        'port': 10001,
        'internal_access_path': None,
        'access_url': f'ws://127.0.0.1:6083/?token={token}',
    }
    assert endpoint.get_serial_console({}, 'serial', primitive())['token'] != token


def test_serial_console_of_any_type(endpoint):
    """As in Nova, only the API checks the type."""
    assert endpoint.get_serial_console({}, 'whatever', primitive())


def test_spice_console(endpoint):
    """The answer has a TLS port, null if there is none."""
    info = endpoint.get_spice_console({}, 'spice-html5', primitive())
    token = info.pop('token')
    assert info == {
        'host': '127.0.0.1',
        'port': 5901,
        'tlsPort': None,
        'internal_access_path': None,
        'access_url': f'http://127.0.0.1:6082/spice_auto.html?token={token}',
    }


@pytest.mark.parametrize(
    ('number', 'serial', 'spice'),
    [
        ('03', 'InstanceNotFound', 'InstanceNotFound'),
        ('07', 'ConsoleTypeUnavailable', 'ConsoleTypeUnavailable'),
        ('08', 'InstanceNotFound', 'InstanceNotFound'),
        ('09', 'InstanceNotReady', 'InstanceNotReady'),
        ('ff', 'InstanceNotFound', 'InstanceNotFound'),
    ],
)
def test_refusals(endpoint, number, serial, spice):
    """Unscheduled, without consoles, on another host, stopped, or unknown."""
    asked = primitive(number)
    assert refused(endpoint.get_serial_console, 'serial', asked) == serial
    assert refused(endpoint.get_spice_console, 'spice-html5', asked) == spice


def test_server_that_is_still_being_built_is_not_ready(endpoint):
    """Only the caller knows that it is being built; otherwise it is not found."""
    unknown = primitive('ff', vm_state='building')
    assert refused(endpoint.get_serial_console, 'serial', unknown) == 'InstanceNotReady'
    assert refused(endpoint.validate_console_port, unknown, '1', 'serial') == (
        'InstanceNotReady'
    )
    active = primitive('ff', vm_state='active')
    assert refused(endpoint.get_serial_console, 'serial', active) == 'InstanceNotFound'


def test_disabled_types(deployment):
    """The type is checked before the server is looked up."""
    deployment.configure(serial_console={'enabled': False}, spice={'enabled': False})
    endpoint = endpoint_of(deployment)
    for number in ('01', 'ff'):
        asked = primitive(number)
        assert refused(endpoint.get_serial_console, 'serial', asked) == (
            'ConsoleTypeUnavailable'
        )
        assert refused(endpoint.get_spice_console, 'spice-html5', asked) == (
            'ConsoleTypeUnavailable'
        )


@pytest.mark.parametrize('console_type', ['serial', 'novnc', '', 'x'])
def test_unknown_spice_type(endpoint, console_type):
    """Unlike for serial consoles, the type is checked."""
    refusal = refused(endpoint.get_spice_console, console_type, primitive())
    assert refusal == 'ConsoleTypeInvalid'


@pytest.mark.parametrize(
    ('port', 'console_type', 'valid'),
    [
        ('10001', 'serial', True),
        (10001, 'serial', True),
        ('10002', 'serial', False),
        ('5901', 'serial', False),
        ('5901', 'spice-html5', True),
        ('10001', 'spice-html5', False),
        ('', 'serial', False),
        ('None', 'serial', False),
        ('None', 'spice-html5', False),
        (None, 'spice-html5', False),
        ('010001', 'serial', False),
    ],
)
def test_ports(endpoint, port, console_type, valid):
    """The port must be one of the console's; a missing TLS port matches nothing."""
    answer = endpoint.validate_console_port({}, primitive(), port, console_type)
    assert answer is valid


class Driver(compute.Driver):
    """Returns the same endpoint for every console of every server."""

    def __init__(self, endpoint):
        self._endpoint = endpoint

    def endpoint(self, server_id, console_type):
        return self._endpoint


@pytest.mark.parametrize('one', TYPES, ids=lambda one: one.type)
def test_console_of_each_type(deployment, one):
    """Each type in the table works with its method."""
    driver = Driver(Endpoint('h', 7, None, '/path'))
    endpoint = ComputeEndpoint(deployment.conf(), driver, '5.13')
    info = getattr(endpoint, one.rpc_method)({}, one.type, primitive())
    token = info.pop('token')
    assert info.pop('access_url').endswith(access_url.build('', one, token))
    assert info == {
        'host': 'h',
        'port': 7,
        'internal_access_path': '/path',
        **({'tlsPort': None} if one.tls else {}),
    }
    assert endpoint.validate_console_port({}, primitive(), '7', one.type) is True


def test_tls_port_is_valid_too(deployment):
    """SPICE consoles have two ports."""
    driver = Driver(Endpoint('h', 5901, 5902))
    endpoint = ComputeEndpoint(deployment.conf(), driver, '5.13')
    for port, valid in (('5901', True), ('5902', True), ('5903', False)):
        args = ({}, primitive(), port, 'spice-html5')
        assert endpoint.validate_console_port(*args) is valid
    assert endpoint.get_spice_console({}, 'spice-html5', primitive())['tlsPort'] == 5902


def test_only_a_tls_port(deployment):
    """The other is not reported, and not valid."""
    endpoint = ComputeEndpoint(
        deployment.conf(), Driver(Endpoint('h', None, 5902)), '5.13'
    )
    info = endpoint.get_spice_console({}, 'spice-html5', primitive())
    assert (info['port'], info['tlsPort']) == (None, 5902)
    for port, valid in (('5902', True), ('None', False), ('-1', False)):
        args = ({}, primitive(), port, 'spice-html5')
        assert endpoint.validate_console_port(*args) is valid


def test_port_of_a_server_that_has_none(endpoint):
    """The server is not here or not running, or the type does not exist."""
    validate = endpoint.validate_console_port
    assert refused(validate, primitive('ff'), '10001', 'serial') == 'InstanceNotFound'
    assert refused(validate, primitive('09'), '10001', 'serial') == 'InstanceNotReady'
    assert refused(validate, primitive(), '10001', 'webmks') == 'ConsoleTypeInvalid'


@pytest.mark.parametrize(
    'base_url', ['ws://[2001:db8::1]:6083/', 'wss://h/?zone=eu', 'ws://h:7']
)
def test_base_url_of_the_configuration(deployment, base_url):
    """Every value that the option accepts gives a URL with a token."""
    deployment.configure(serial_console={'base_url': base_url})
    info = endpoint_of(deployment).get_serial_console({}, 'serial', primitive())
    query = parse.parse_qs(parse.urlsplit(info['access_url']).query)
    assert query['token'] == [info['token']]
    assert info['access_url'].startswith(base_url)


def test_a_stop_that_hangs(deployment, monkeypatch, caplog):
    """With a frozen broker, the library would wait indefinitely; the agent does not."""
    over = threading.Event()
    conf = deployment.conf()
    agent = ComputeServer(conf, compute.load(conf))
    agent.start()
    monkeypatch.setattr(agent, 'STOP_S', 0.3)
    monkeypatch.setattr(agent._transport, 'cleanup', over.wait)
    agent.stop()
    assert 'stopping without closing the connections' in caplog.text
    over.set()


# Over the bus.


@pytest.fixture(scope='module')
def call(tmp_path_factory):
    """Call the agent of the host ``answering``."""
    deployment = Deployment(tmp_path_factory.mktemp('agent'))
    conf = deployment.configure(DEFAULT={'host': 'answering'}).conf()
    here = [server('01', host='answering')]
    here.append(server('07', host='answering', consoles={}))
    deployment.write_inventory(here)
    agent = ComputeServer(conf, compute.load(conf))
    agent.start()
    connected = transport.connect(conf)

    def call(method, version='5.0', **args):
        target = oslo_messaging.Target(topic=transport.TOPIC, version=version)
        client = oslo_messaging.get_rpc_client(connected, target)
        return client.prepare(server='answering', timeout=30).call({}, method, **args)

    yield call
    agent.stop()
    connected.cleanup()


ARGS = {'console_type': 'serial', 'instance': primitive('07')}


@pytest.mark.parametrize(
    ('version', 'served'),
    [
        ('4.0', False),
        ('5.0', True),
        ('5.13', True),
        ('5.14', False),
        ('6.0', True),
        ('6.5', True),
        ('6.6', False),
        ('7.0', False),
    ],
)
def test_versions(call, version, served):
    """Exactly the versions of Nova 2026.2."""
    expected = 'ConsoleTypeUnavailable' if served else 'UnsupportedVersion'
    with pytest.raises(Exception) as caught:
        call('get_serial_console', version, **ARGS)
    assert type(caught.value).__name__ == expected


@pytest.mark.parametrize(
    'method',
    [
        '_find',
        '__init__',
        'target',
        'get_mks_console',
        'reboot_instance',
        'call',
        'get_serial_console ',
    ],
)
def test_only_exposed_methods_can_be_called(call, method):
    """Other methods of the endpoint cannot be called on the bus."""
    with pytest.raises(Exception) as caught:
        call(method, **ARGS)
    assert type(caught.value).__name__ == 'NoSuchMethod'


def test_exposed_methods():
    """The complete list of methods."""
    exposed = {
        name
        for name, value in vars(ComputeEndpoint).items()
        if getattr(value, 'exposed', False)
    }
    assert exposed == {
        'get_serial_console',
        'get_spice_console',
        'get_vnc_console',
        'validate_console_port',
    }
    assert rpc_server.VERSIONS == ('5.13', '6.5')


def test_expected_errors_leave_no_traceback(call, caplog):
    """It is normal to ask for a server without a console."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Exception) as caught:
        call('get_serial_console', **ARGS)
    assert type(caught.value).__module__ == 'nova.exception'
    assert not [record for record in caplog.records if record.exc_info]
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
    assert 'Refused: Unavailable console type serial.' in caplog.messages


HOSTILE = 'x\nERROR y\x1b[2J' * 10**4


@pytest.mark.parametrize(
    ('method', 'args'),
    [
        ('get_spice_console', {**ARGS, 'console_type': HOSTILE}),
        ('get_spice_console', {**ARGS, 'console_type': {HOSTILE: [HOSTILE]}}),
        ('validate_console_port', {**ARGS, 'console_type': HOSTILE, 'port': HOSTILE}),
        ('get_serial_console', {**ARGS, 'instance': instance.to_primitive(HOSTILE)}),
    ],
)
def test_untrusted_text_in_the_log(call, caplog, method, args):
    """Text from the bus is logged on one short line without control characters."""
    caplog.set_level(logging.INFO, 'console_ext')
    with pytest.raises(Exception):  # noqa: B017
        call(method, **args)
    (record,) = [one for one in caplog.records if one.name.startswith('console_ext')]
    assert record.getMessage().isprintable()
    assert len(record.getMessage()) < 2000


def test_token_is_not_logged(call, caplog):
    """The token is not logged, even at DEBUG."""
    caplog.set_level(logging.DEBUG)
    info = call('get_serial_console', console_type='serial', instance=primitive())
    assert info['token'] not in caplog.text


def test_ping():
    """Every service of Nova has it, separately from the versions of its own methods."""
    endpoint = rpc_server.BaseEndpoint()
    assert (endpoint.target.namespace, endpoint.target.version) == ('baseapi', '1.0')
    assert endpoint.ping({}, 'x') == {'service': 'compute', 'arg': 'x'}
