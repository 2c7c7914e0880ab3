# SPDX-License-Identifier: Apache-2.0
"""The client, against real servers of oslo.messaging's in-process bus."""

import contextlib
import functools
import json
import os
import socket
import threading
import time
from concurrent import futures

import oslo_messaging
import pytest

from console_ext import exceptions
from console_ext.compute import base as compute
from console_ext.consoles import SERIAL, SPICE_DIRECT, SPICE_HTML5, TYPES
from console_ext.context import RequestContext
from console_ext.rpc import client as rpc_client
from console_ext.rpc import instance, transport
from console_ext.rpc.client import ComputeClient
from console_ext.rpc.instance import Instance
from console_ext.rpc.server import ComputeServer
from tests.parts.deployment import PROJECT_A, Deployment, server_id
from tests.parts.waiting import wait_for

TIMEOUT_S = 10
# For calls that are not answered.
SHORT_S = 0.5
SERVER = Instance(server_id('01'))
TOKEN = '6f9619ff-8b86-4011-b42d-00cf4fc964ff'
REPLY = {
    'host': '192.0.2.1',
    'port': 5900,
    'tlsPort': None,
    'internal_access_path': None,
    'token': TOKEN,
    'access_url': f'http://192.0.2.9/?token={TOKEN}',
}


METHODS = {'validate_console_port', *(one.rpc_method for one in TYPES)}


class Scripted:
    """A compute host that answers as the test sets."""

    target = oslo_messaging.Target(version='5.13')

    def __init__(self):
        self.methods = []
        self.calls = []
        self.answer = lambda: REPLY

    def __getattr__(self, method):
        if method not in METHODS:
            raise AttributeError(method)

        def answer(context, **args):
            self.methods.append(method)
            self.calls.append((context, args))
            return self.answer()

        return answer


class Failing(compute.Driver):
    """A driver that raises the error that the test sets."""

    def __init__(self):
        self.error = None

    def endpoint(self, server_id, console_type):
        raise self.error


def configuration(path, host):
    path.mkdir()
    deployment = Deployment(path)
    deployment.configure(DEFAULT={'host': host}, console_rpc={'timeout': TIMEOUT_S})
    return deployment.conf()


# A server of oslo.messaging takes 1 s to stop: share one of each kind.


@pytest.fixture(scope='module')
def conf(tmp_path_factory):
    return configuration(tmp_path_factory.mktemp('api') / 'x', 'compute-1')


@pytest.fixture(scope='module')
def agent(conf):
    """The real server with the inventory driver."""
    server = ComputeServer(conf, compute.load(conf))
    server.start()
    yield
    server.stop()


@pytest.fixture(scope='module')
def failing(tmp_path_factory):
    """The real server as the host ``failing``; return its driver."""
    driver = Failing()
    conf = configuration(tmp_path_factory.mktemp('failing') / 'x', 'failing')
    server = ComputeServer(conf, driver)
    server.start()
    yield driver
    server.stop()


@pytest.fixture(scope='module')
def scripted_server(conf):
    host = Scripted()
    connected = transport.connect(conf)
    server = oslo_messaging.get_rpc_server(
        connected,
        oslo_messaging.Target(topic=transport.TOPIC, server='scripted'),
        [host],
    )
    server.start()
    yield host
    server.stop()
    server.wait()
    connected.cleanup()


@pytest.fixture
def scripted(scripted_server):
    """The host ``scripted``."""
    scripted_server.__init__()
    return scripted_server


@pytest.fixture
def context():
    return RequestContext(
        user_id='alice', project_id=PROJECT_A, roles=['member'], auth_token='a-secret'
    )


@pytest.fixture
def client(conf):
    client = ComputeClient(conf)
    yield client
    client.close()


def test_both_consoles_of_a_server(client, context, agent):
    """The agent's answer is returned as a value."""
    serial = client.get_console(context, 'compute-1', SERVER, SERIAL)
    spice = client.get_console(context, 'compute-1', SERVER, SPICE_HTML5)
    assert (serial.host, serial.port, serial.tls_port) == ('127.0.0.1', 10001, None)
    assert (spice.host, spice.port, spice.tls_port) == ('127.0.0.1', 5901, None)
    assert serial.access_url == f'ws://127.0.0.1:6083/?token={serial.token}'
    assert spice.access_url == (
        f'http://127.0.0.1:6082/spice_auto.html?token={spice.token}'
    )
    assert serial.token != spice.token


@pytest.mark.parametrize('one', TYPES, ids=lambda one: one.type)
def test_method_of_each_type(client, context, scripted, one):
    """The table has the method of each type."""
    client.get_console(context, 'scripted', SERVER, one)
    assert scripted.methods == [one.rpc_method]
    ((_, sent),) = scripted.calls
    assert sent['console_type'] == one.type


def test_token_is_not_shown(client, context, agent):
    """Its repr has neither the token nor the URL, so it can be logged."""
    info = client.get_console(context, 'compute-1', SERVER, SERIAL)
    assert info.token not in repr(info)


@pytest.mark.parametrize(('port', 'valid'), [(10001, True), (10002, False)])
def test_port_is_validated_by_the_agent(client, context, agent, port, valid):
    """The host confirms that the port is still that server's."""
    asked = client.validate_console_port(context, 'compute-1', SERVER, 'serial', port)
    assert asked.result(30) is valid


def test_content_of_a_call(client, context, scripted):
    """The server's known fields, its host, and an administrator's context."""
    server = Instance(server_id('01'), database_id=7, vm_state='building')
    client.get_console(context, 'scripted', server, SERIAL)
    client.validate_console_port(context, 'scripted', server, 'serial', 10001).result(
        30
    )
    (sent, first), (_, second) = scripted.calls
    primitive = instance.to_primitive(
        server_id('01'), database_id=7, vm_state='building', host='scripted'
    )
    assert first == {'console_type': 'serial', 'instance': primitive}
    assert second == {**first, 'port': '10001'}
    assert sent['user_id'] == 'alice'
    assert sent['project_id'] == PROJECT_A
    assert sent['roles'] == ['member']
    assert sent['request_id'] == context.request_id
    assert sent['global_request_id'] == context.request_id
    assert sent['is_admin'] is True
    assert 'a-secret' not in json.dumps(sent)
    assert context.is_admin is False


@pytest.mark.parametrize(
    ('error', 'expected'),
    [
        (exceptions.ServerNotFound('x'), exceptions.ServerNotFound),
        (exceptions.ServerNotReady('x'), exceptions.ServerNotReady),
        (exceptions.ServerStateConflict('x', 'y'), exceptions.ServerStateConflict),
        (exceptions.InvalidConsoleType('x'), exceptions.InvalidConsoleType),
        (exceptions.ConsoleTypeUnavailable('x'), exceptions.ConsoleTypeUnavailable),
        (exceptions.ConsoleNotSupported(), exceptions.ConsoleNotSupported),
        (exceptions.SerialPortsExhausted(), exceptions.SerialPortsExhausted),
        (exceptions.InvalidSerialPorts(), exceptions.InvalidSerialPorts),
        (KeyError('x'), exceptions.UnexpectedReply),
    ],
)
def test_each_error_of_a_driver(client, context, failing, error, expected):
    """An exception of a driver is raised here with the values of the call."""
    failing.error = error
    with pytest.raises(expected) as caught:
        client.get_console(context, 'failing', SERVER, SERIAL)
    assert type(caught.value) is expected
    if hasattr(error, 'server_id'):
        assert caught.value.server_id == server_id('01')


@pytest.mark.parametrize(
    ('raised', 'expected'),
    [
        (
            oslo_messaging.RemoteError('InstanceNotReady', 'a-secret', ['a-secret']),
            exceptions.ServerNotReady,
        ),
        (
            oslo_messaging.RemoteError('Forbidden', 'a-secret', ['a-secret']),
            exceptions.UnexpectedReply,
        ),
        (NotImplementedError('a-secret'), exceptions.ConsoleNotSupported),
        (ValueError('a-secret'), exceptions.UnexpectedReply),
        (
            oslo_messaging.MessageUndeliverable(None, None, None, None),
            exceptions.HostUnreachable,
        ),
        (oslo_messaging.MessageDeliveryFailure(), exceptions.BusUnreachable),
        (OSError('a-secret'), exceptions.BusUnreachable),
    ],
    ids=repr,
)
def test_errors_of_the_bus_and_of_strangers(
    client, context, scripted, caplog, raised, expected
):
    """Errors of the bus are reported; texts of a remote host are not."""

    def fail():
        raise raised

    scripted.answer = fail
    caplog.set_level('DEBUG', 'console_ext')
    with pytest.raises(expected) as caught:
        client.get_console(context, 'scripted', SERVER, SERIAL)
    assert 'a-secret' not in str(caught.value)
    ours = [record for record in caplog.records if record.name.startswith('console_')]
    assert not any('a-secret' in record.getMessage() for record in ours)


@pytest.mark.parametrize(
    'reply',
    [
        None,
        [],
        TOKEN,
        {},
        {**REPLY, 'host': None},
        {**REPLY, 'host': ''},
        {**REPLY, 'host': 'x' * (rpc_client.MAX_HOST + 1)},
        {**REPLY, 'token': 7},
        {**REPLY, 'access_url': 'x' * (rpc_client.MAX_TEXT + 1)},
        {**REPLY, 'internal_access_path': ['x']},
        {**REPLY, 'port': TOKEN},
        {**REPLY, 'port': None},
        {**REPLY, 'port': 0},
        {**REPLY, 'port': 65536},
        {**REPLY, 'port': True},
        {**REPLY, 'port': 5900.5},
        {**REPLY, 'port': float('inf')},
        {**REPLY, 'port': '9' * 5000},
        {**REPLY, 'tlsPort': TOKEN},
        {**REPLY, 'tlsPort': -2},
        {**REPLY, 'port': -1},
        {**REPLY, 'port': -1.0, 'tlsPort': 5901},
        {key: value for key, value in REPLY.items() if key != 'port'},
        {key: value for key, value in REPLY.items() if key != 'access_url'},
    ],
    ids=lambda reply: repr(reply)[:40],
)
def test_reply_that_is_no_connect_info(client, context, scripted, reply):
    """The answer is checked, and not quoted: it may contain a token."""
    scripted.answer = lambda: reply
    with pytest.raises(exceptions.UnexpectedReply) as caught:
        client.get_console(context, 'scripted', SERVER, SPICE_HTML5)
    assert TOKEN not in str(caught.value)
    assert len(str(caught.value)) < 200


HOSTILE = 'x\nERROR y\r\x1b[2J\x00\u202e'


@pytest.mark.parametrize(
    'key', ['host', 'internal_access_path', 'token', 'access_url', 'port', 'tlsPort']
)
def test_reply_that_would_forge_a_line(client, context, scripted, key):
    """No text may contain control characters."""
    scripted.answer = lambda: {**REPLY, key: HOSTILE}
    with pytest.raises(exceptions.UnexpectedReply) as caught:
        client.get_console(context, 'scripted', SERVER, SERIAL)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize('name', [HOSTILE, 'x' * 10**6, None, 7, ['x'], {'x': HOSTILE}])
def test_name_of_a_remote_error(client, context, monkeypatch, name):
    """It may be any JSON value."""

    def fail(*args, **kwargs):
        raise oslo_messaging.RemoteError(name, HOSTILE, HOSTILE)

    monkeypatch.setattr(client, '_ask_once', fail)
    monkeypatch.setattr('console_ext.rpc.bus.Bus.is_well', lambda bus: True)
    with pytest.raises(exceptions.UnexpectedReply) as caught:
        client.get_console(context, 'scripted', SERVER, SERIAL)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 10_000


@pytest.mark.parametrize('port', [None, 'left out'])
@pytest.mark.parametrize('tls_port', [5901, '5901'])
def test_console_with_a_tls_port_only(client, context, scripted, port, tls_port):
    """It is the port to confirm, too."""
    scripted.answer = lambda: {
        key: value
        for key, value in {**REPLY, 'port': port, 'tlsPort': tls_port}.items()
        if value != 'left out'
    }
    info = client.get_console(context, 'scripted', SERVER, SPICE_HTML5)
    assert (info.port, info.tls_port) == (5901, 5901)


@pytest.mark.parametrize(
    ('port', 'console_type'),
    [(-1, SPICE_HTML5), ('-1', SPICE_HTML5), (None, SPICE_DIRECT), (None, SERIAL)],
)
def test_tls_port_that_is_no_use(client, context, scripted, port, console_type):
    """It is not confirmed, native clients need the other one, or there can be none."""
    scripted.answer = lambda: {**REPLY, 'port': port, 'tlsPort': 5901}
    with pytest.raises(exceptions.ConsoleTypeUnavailable) as caught:
        client.get_console(context, 'scripted', SERVER, console_type)
    assert caught.value.console_type == console_type.type


@pytest.mark.parametrize('tls_port', [None, -1, '-1'])
def test_console_without_a_tls_port(client, context, scripted, tls_port):
    scripted.answer = lambda: {**REPLY, 'tlsPort': tls_port}
    info = client.get_console(context, 'scripted', SERVER, SPICE_HTML5)
    assert (info.port, info.tls_port) == (5900, None)


@pytest.mark.parametrize('port', [1, 65535, '5900'])
def test_port_may_be_a_text(client, context, scripted, port):
    """Nova's drivers read it from XML, and send it as it is."""
    scripted.answer = lambda: {**REPLY, 'port': port, 'tlsPort': port}
    info = client.get_console(context, 'scripted', SERVER, SPICE_HTML5)
    assert (info.port, info.tls_port) == (int(port), int(port))


def test_path_of_the_hypervisor_is_kept(client, context, scripted):
    """Some hypervisors require a path on the connection."""
    path = 'x' * rpc_client.MAX_TEXT
    scripted.answer = lambda: {**REPLY, 'internal_access_path': path}
    info = client.get_console(context, 'scripted', SERVER, SERIAL)
    assert info.internal_access_path == path


@pytest.mark.parametrize('reply', ['True', 1, None, {}])
def test_only_true_validates_a_port(client, context, scripted, reply):
    """Only True counts as a confirmation."""
    scripted.answer = lambda: reply
    asked = client.validate_console_port(context, 'scripted', SERVER, 'serial', 1)
    assert asked.result(30) is (reply is True)


def test_host_that_nobody_answers_for(client, context):
    """The error comes after the timeout."""
    client._timeout_s = SHORT_S
    started = time.monotonic()
    with pytest.raises(exceptions.HostUnreachable) as caught:
        client.get_console(context, 'ghost', SERVER, SERIAL)
    assert time.monotonic() - started >= SHORT_S
    assert caught.value.host == 'ghost'
    assert 'ghost' not in str(caught.value)


def test_host_that_answers_too_late(client, context, scripted):
    """The call is given up; then one call probes, and others are refused at once."""
    release = threading.Event()

    def wait():
        release.wait(30)
        return REPLY

    scripted.answer = wait
    client._timeout_s = SHORT_S
    ask = functools.partial(client.get_console, context, 'scripted', SERVER, SERIAL)
    with futures.ThreadPoolExecutor(1) as caller:
        try:
            with pytest.raises(exceptions.HostUnreachable):
                ask()
            client._timeout_s = 20
            probe = caller.submit(ask)
            wait_for(lambda: len(scripted.calls) == 2)
            for _ in range(10):
                with pytest.raises(exceptions.HostUnreachable):
                    ask()
            assert not probe.done()
        finally:
            release.set()
        assert probe.result().token == TOKEN
    assert len(scripted.calls) == 2
    assert ask().token == TOKEN


def test_host_that_does_not_answer_delays_no_other(client, context, agent):
    """While 300 calls to it wait, calls to others are answered."""
    client._timeout_s = 6
    args = (SERVER, 'serial', 10001)
    dead = []
    for _ in range(300):
        with contextlib.suppress(exceptions.ComputeUnavailable):
            dead.append(client.validate_console_port(context, 'ghost', *args))
    for _ in range(20):
        assert client.validate_console_port(context, 'compute-1', *args).result(30)
    assert not any(one.done() for one in dead)
    errors = {type(one.exception(30)) for one in dead}
    assert errors == {exceptions.HostUnreachable}
    assert client.validate_console_port(context, 'compute-1', *args).result(30)


def test_host_that_does_not_answer_puts_no_broker_in_doubt(
    client, context, agent, monkeypatch
):
    """While others answer, their calls do not need a probe of the broker."""
    args = (SERVER, 'serial', 10001)
    assert client.validate_console_port(context, 'compute-1', *args).result(30)
    monkeypatch.setattr(transport, 'broker_answers', lambda *args: False)
    client._timeout_s = 3
    silent = client.validate_console_port(context, 'ghost', *args)
    client._timeout_s = TIMEOUT_S
    wait_for(lambda: client._buses.get(None)._deadlines)
    assert client.validate_console_port(context, 'compute-1', *args).result(30)
    assert isinstance(silent.exception(30), exceptions.HostUnreachable)
    assert client.validate_console_port(context, 'compute-1', *args).result(30)


def test_callers_of_a_host_that_does_not_answer(client, context, agent, monkeypatch):
    """Few API threads wait for the host, and not for long."""
    monkeypatch.setattr(ComputeClient, 'BEGIN_S', 0.1)
    client._timeout_s = 5
    ended = []

    def ask():
        try:
            client.get_console(context, 'ghost', SERVER, SERIAL)
        except exceptions.ComputeUnavailable as error:
            ended.append(type(error))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    few = ended.count(exceptions.HostUnreachable)
    # Four calls run.  The first of the others may not know yet that they are many.
    assert 4 <= few <= 8
    others = [exceptions.TooManyCalls] * (20 - few)
    assert ended == [*others, *[exceptions.HostUnreachable] * few]


def test_missing_queue_is_asked_for_again_after_a_failure(client, context, scripted):
    """A broker that restarts has no queues for a moment."""
    client._timeout_s = SHORT_S
    with pytest.raises(exceptions.HostUnreachable):
        client.get_console(context, 'ghost', SERVER, SERIAL)
    errors = [oslo_messaging.MessageUndeliverable(None, None, None, None)]

    def answer():
        if errors:
            raise errors.pop()
        return REPLY

    scripted.answer = answer
    client._timeout_s = TIMEOUT_S
    info = client.get_console(context, 'scripted', SERVER, SERIAL)
    assert info.token == TOKEN
    assert len(scripted.calls) == 2


def test_call_beyond_the_limit(deployment, context, scripted):
    """Excess calls wait for a slot, but not longer than a call's timeout."""
    conf = deployment.configure(console_rpc={'max_concurrent_calls': 1}).conf()
    client = ComputeClient(conf)
    client._timeout_s = 5
    asked, release = threading.Event(), threading.Event()

    def wait():
        asked.set()
        release.wait(10)
        return REPLY

    scripted.answer = wait

    def first():
        with contextlib.suppress(exceptions.HostUnreachable):
            client.get_console(context, 'scripted', SERVER, SERIAL)

    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert asked.wait(30)
        client._timeout_s = 0.1
        with pytest.raises(exceptions.TooManyCalls):
            client.get_console(context, 'scripted', SERVER, SERIAL)
    finally:
        release.set()
        thread.join()
        client.close()


def test_slots_are_released(deployment, context, scripted):
    """Ten successive calls need one slot, however they end."""
    conf = deployment.configure(console_rpc={'max_concurrent_calls': 1}).conf()
    client = ComputeClient(conf)
    errors = [OSError(), KeyError(), None] * 3

    def answer():
        error = errors.pop()
        if error is not None:
            raise error
        return REPLY

    scripted.answer = answer
    for _ in range(9):
        with contextlib.suppress(exceptions.ConsoleExtError):
            client.get_console(context, 'scripted', SERVER, SERIAL)
    client.close()
    assert len(scripted.calls) == 9


@pytest.mark.wall_clock
def test_unreachable_broker_is_detected_at_once(deployment, context):
    """An unreachable broker is detected at once, before a call and after a failure."""
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        url = f'rabbit://guest:guest@127.0.0.1:{taken.getsockname()[1]}/'
        deployment.configure(
            DEFAULT={'transport_url': url}, console_rpc={'timeout': 60}
        )
        conf = deployment.conf()
        client = ComputeClient(conf)
        started = time.monotonic()
        with pytest.raises(exceptions.BusUnreachable):
            client.get_console(context, 'compute-1', SERVER, SERIAL)
        assert time.monotonic() - started < conf.console_rpc.timeout / 2


def test_child_after_a_fork_connects_itself(conf, client, context, agent):
    """A server may fork after the first call; the child opens its own connection."""
    former = client.get_console(context, 'compute-1', SERVER, SERIAL)
    bus = client._buses.get(None)
    connected = bus.connect()
    child = os.fork()
    if child == 0:
        # This bus is in the process's memory, so the child needs its own agent.
        status = 1
        try:
            ComputeServer(conf, compute.load(conf)).start()
            info = client.get_console(context, 'compute-1', SERVER, SERIAL)
            if info.token != former.token and bus.connect() is not connected:
                status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert bus.connect() is connected
    assert client.get_console(context, 'compute-1', SERVER, SERIAL)


def test_each_bus_is_on_its_own(client, context, agent, caplog):
    """Buses do not affect each other, and no password is logged."""
    with socket.socket() as held:
        held.bind(('127.0.0.1', 0))
        away = f'rabbit://u:secret@127.0.0.1:{held.getsockname()[1]}/'
        for url in (away, 'none', 'rabbit://u:secret@h:port/', 'rabbit://[u:secret/'):
            with pytest.raises(exceptions.BusUnreachable):
                client.get_console(context, 'compute-1', SERVER, SERIAL, url)
    assert client.get_console(context, 'compute-1', SERVER, SERIAL).token
    assert 'secret' not in caplog.text


def test_closed_client_connects_again(client, context, agent):
    """After a close, the client connects again."""
    client.close()
    client.get_console(context, 'compute-1', SERVER, SERIAL)
    client.close()
    client.close()
    assert client.get_console(context, 'compute-1', SERVER, SERIAL)
