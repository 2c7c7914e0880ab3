# SPDX-License-Identifier: Apache-2.0
"""The asking half, against real servers of oslo.messaging's in-process bus."""

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
from console_ext.consoles import SERIAL, SPICE_HTML5, TYPES
from console_ext.context import RequestContext
from console_ext.rpc import client as rpc_client
from console_ext.rpc import instance, transport
from console_ext.rpc.client import ComputeClient
from console_ext.rpc.instance import Instance
from console_ext.rpc.server import ComputeServer
from tests.deployment import PROJECT_A, Deployment, server_id
from tests.proxy_parts import wait_for

TIMEOUT_S = 0.5
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
    """A compute host that does what a test says."""

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
    """A driver that raises what a test wants it to."""

    def __init__(self):
        self.error = None

    def endpoint(self, server_id, console_type):
        raise self.error


def configuration(path, host):
    path.mkdir()
    deployment = Deployment(path)
    deployment.configure(DEFAULT={'host': host}, console_rpc={'timeout': TIMEOUT_S})
    return deployment.conf()


# A server of oslo.messaging takes a second to stop: one of each kind for all tests.


@pytest.fixture(scope='module')
def conf(tmp_path_factory):
    return configuration(tmp_path_factory.mktemp('api') / 'x', 'compute-1')


@pytest.fixture(scope='module')
def agent(conf):
    """The real answering half, with the inventory's driver."""
    server = ComputeServer(conf, compute.load(conf))
    server.start()
    yield
    server.stop()


@pytest.fixture(scope='module')
def failing(tmp_path_factory):
    """The real answering half as the host ``failing``; its driver."""
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
    """What the agent knows of a console comes back as a value."""
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
    """Nova has several; the table says which one gives the type."""
    client.get_console(context, 'scripted', SERVER, one)
    assert scripted.methods == [one.rpc_method]
    ((_, sent),) = scripted.calls
    assert sent['console_type'] == one.type


def test_token_is_not_shown(client, context, agent):
    """Neither the token nor the URL that holds it gets into a log by accident."""
    info = client.get_console(context, 'compute-1', SERVER, SERIAL)
    assert info.token not in repr(info)


@pytest.mark.parametrize(('port', 'valid'), [(10001, True), (10002, False)])
def test_port_is_validated_by_the_agent(client, context, agent, port, valid):
    """The host says whether a port is still that server's."""
    asked = client.validate_console_port(context, 'compute-1', SERVER, 'serial', port)
    assert asked.result(5) is valid


def test_what_travels(client, context, scripted):
    """What is known of the server, its host, and the caller as an administrator."""
    server = Instance(server_id('01'), database_id=7, vm_state='building')
    client.get_console(context, 'scripted', server, SERIAL)
    client.validate_console_port(context, 'scripted', server, 'serial', 10001).result(5)
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
    """What a driver raises on its host is raised here, with this server's values."""
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
    """What the bus says, and no word of what a remote host does."""

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
    """A host's answer is not believed, and not quoted: it may hold a token."""
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
    """No text of a console has a control character."""
    scripted.answer = lambda: {**REPLY, key: HOSTILE}
    with pytest.raises(exceptions.UnexpectedReply) as caught:
        client.get_console(context, 'scripted', SERVER, SERIAL)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize('name', [HOSTILE, 'x' * 10**6, None, 7, ['x'], {'x': HOSTILE}])
def test_name_of_a_remote_error(client, context, monkeypatch, name):
    """It is any JSON that a host likes to send."""

    def fail(*args, **kwargs):
        raise oslo_messaging.RemoteError(name, HOSTILE, HOSTILE)

    monkeypatch.setattr(client, '_ask_once', fail)
    monkeypatch.setattr('console_ext.rpc.bus.Bus.is_well', lambda bus: True)
    with pytest.raises(exceptions.UnexpectedReply) as caught:
        client.get_console(context, 'scripted', SERVER, SERIAL)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 10_000


@pytest.mark.parametrize('port', [None, -1, '-1', 'left out'])
@pytest.mark.parametrize('tls_port', [5901, '5901'])
def test_console_with_a_tls_port_only(client, context, scripted, port, tls_port):
    """What libvirt says of a guest with defaultMode='secure'; no proxy can reach it."""
    scripted.answer = lambda: {
        key: value
        for key, value in {**REPLY, 'port': port, 'tlsPort': tls_port}.items()
        if value != 'left out'
    }
    with pytest.raises(exceptions.ConsoleTypeUnavailable) as caught:
        client.get_console(context, 'scripted', SERVER, SPICE_HTML5)
    assert caught.value.console_type == 'spice-html5'


@pytest.mark.parametrize('tls_port', [None, -1, '-1'])
def test_console_without_a_tls_port(client, context, scripted, tls_port):
    scripted.answer = lambda: {**REPLY, 'tlsPort': tls_port}
    info = client.get_console(context, 'scripted', SERVER, SPICE_HTML5)
    assert (info.port, info.tls_port) == (5900, None)


@pytest.mark.parametrize('port', [1, 65535, '5900'])
def test_port_may_be_a_text(client, context, scripted, port):
    """Nova's drivers take it from XML, and send it as they find it."""
    scripted.answer = lambda: {**REPLY, 'port': port, 'tlsPort': port}
    info = client.get_console(context, 'scripted', SERVER, SPICE_HTML5)
    assert (info.port, info.tls_port) == (int(port), int(port))


def test_path_of_the_hypervisor_is_kept(client, context, scripted):
    """Some hypervisors want a path first on the connection."""
    path = 'x' * rpc_client.MAX_TEXT
    scripted.answer = lambda: {**REPLY, 'internal_access_path': path}
    info = client.get_console(context, 'scripted', SERVER, SERIAL)
    assert info.internal_access_path == path


@pytest.mark.parametrize('reply', ['True', 1, None, {}])
def test_only_true_validates_a_port(client, context, scripted, reply):
    """Whatever is not exactly yes is no."""
    scripted.answer = lambda: reply
    asked = client.validate_console_port(context, 'scripted', SERVER, 'serial', 1)
    assert asked.result(5) is (reply is True)


def test_host_that_nobody_answers_for(client, context):
    """Within the timeout, and a quarter of a second for the thread that waits."""
    started = time.monotonic()
    with pytest.raises(exceptions.HostUnreachable) as caught:
        client.get_console(context, 'ghost', SERVER, SERIAL)
    assert TIMEOUT_S <= time.monotonic() - started < TIMEOUT_S + 1
    assert caught.value.host == 'ghost'
    assert 'ghost' not in str(caught.value)


def test_host_that_answers_too_late(client, context, scripted):
    """A call is given up; one asks again, and others are refused at once meanwhile."""
    release = threading.Event()

    def wait():
        release.wait(10)
        return REPLY

    scripted.answer = wait
    ask = functools.partial(client.get_console, context, 'scripted', SERVER, SERIAL)
    with futures.ThreadPoolExecutor(1) as caller:
        try:
            with pytest.raises(exceptions.HostUnreachable):
                ask()
            client._timeout_s = 8
            probe = caller.submit(ask)
            wait_for(lambda: len(scripted.calls) == 2)
            started = time.monotonic()
            for _ in range(10):
                with pytest.raises(exceptions.HostUnreachable):
                    ask()
            assert time.monotonic() - started < 4
        finally:
            release.set()
        assert probe.result().token == TOKEN
    assert len(scripted.calls) == 2
    assert ask().token == TOKEN


def test_host_that_does_not_answer_delays_no_other(client, context, agent):
    """While 300 calls are made to it, and for as long as any of them lasts."""
    client._timeout_s = 2
    args = (SERVER, 'serial', 10001)
    dead, slowest = [], 0.0
    for _ in range(300):
        with contextlib.suppress(exceptions.ComputeUnavailable):
            dead.append(client.validate_console_port(context, 'ghost', *args))
    until = time.monotonic() + 5
    while time.monotonic() < until:
        with contextlib.suppress(exceptions.ComputeUnavailable):
            dead.append(client.validate_console_port(context, 'ghost', *args))
        started = time.monotonic()
        assert client.validate_console_port(context, 'compute-1', *args).result(5)
        slowest = max(slowest, time.monotonic() - started)
    assert slowest < client._timeout_s
    errors = [type(one.exception(10)) for one in dead]
    assert set(errors) == {exceptions.HostUnreachable}


def test_host_that_does_not_answer_puts_no_broker_in_doubt(
    client, context, agent, monkeypatch
):
    """While others answer, their calls depend on no probe that could fail."""
    client._timeout_s = 1
    args = (SERVER, 'serial', 10001)
    assert client.validate_console_port(context, 'compute-1', *args).result(5)
    monkeypatch.setattr(transport, 'broker_answers', lambda *args: False)
    silent = client.validate_console_port(context, 'ghost', *args)
    time.sleep(0.1)
    assert client.validate_console_port(context, 'compute-1', *args).result(5)
    assert isinstance(silent.exception(5), exceptions.HostUnreachable)
    assert client.validate_console_port(context, 'compute-1', *args).result(5)


def test_callers_of_a_host_that_does_not_answer(client, context, agent, monkeypatch):
    """They wait in threads of the API: few of them, and not for long."""
    monkeypatch.setattr(ComputeClient, 'BEGIN_S', 0.1)
    client._timeout_s = 2
    waited = []

    def ask():
        started = time.monotonic()
        with contextlib.suppress(exceptions.ComputeUnavailable):
            client.get_console(context, 'ghost', SERVER, SERIAL)
        waited.append(time.monotonic() - started)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(seconds > 1.5 for seconds in waited) == 8
    assert sum(seconds < 1 for seconds in waited) == 12


def test_missing_queue_is_asked_for_again_after_a_failure(client, context, scripted):
    """A broker that comes back has lost the queues for a moment."""
    with pytest.raises(exceptions.HostUnreachable):
        client.get_console(context, 'ghost', SERVER, SERIAL)
    errors = [oslo_messaging.MessageUndeliverable(None, None, None, None)]

    def answer():
        if errors:
            raise errors.pop()
        return REPLY

    scripted.answer = answer
    info = client.get_console(context, 'scripted', SERVER, SERIAL)
    assert info.token == TOKEN
    assert len(scripted.calls) == 2


def test_call_beyond_the_limit(deployment, context, scripted):
    """More calls than are allowed wait for a slot, and no longer than a call."""
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
        assert asked.wait(5)
        client._timeout_s = 0.1
        with pytest.raises(exceptions.TooManyCalls):
            client.get_console(context, 'scripted', SERVER, SERIAL)
    finally:
        release.set()
        thread.join()
        client.close()


def test_slots_come_back(deployment, context, scripted):
    """Ten calls one after the other need one slot, whatever became of them."""
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


def test_no_broker_is_known_at_once(deployment, context):
    """Before the first call, and after a failure, a connect tells in a moment."""
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        url = f'rabbit://guest:guest@127.0.0.1:{taken.getsockname()[1]}/'
        conf = deployment.configure(DEFAULT={'transport_url': url}).conf()
        client = ComputeClient(conf)
        started = time.monotonic()
        with pytest.raises(exceptions.BusUnreachable):
            client.get_console(context, 'compute-1', SERVER, SERIAL)
        assert time.monotonic() - started < conf.console_rpc.timeout / 2


def test_child_after_a_fork_connects_itself(conf, client, context, agent):
    """A server may fork after the first call; the child's connection is its own."""
    former = client.get_console(context, 'compute-1', SERVER, SERIAL)
    bus = client._buses.get(None)
    connected = bus.connect()
    child = os.fork()
    if child == 0:
        # The bus is this process's memory: the child needs an agent as well.
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
    """What happens to one says nothing of the others, and no log has the password."""
    with socket.socket() as held:
        held.bind(('127.0.0.1', 0))
        away = f'rabbit://u:secret@127.0.0.1:{held.getsockname()[1]}/'
        for url in (away, 'none'):
            with pytest.raises(exceptions.BusUnreachable):
                client.get_console(context, 'compute-1', SERVER, SERIAL, url)
    assert client.get_console(context, 'compute-1', SERVER, SERIAL).token
    assert 'secret' not in caplog.text


def test_closed_client_connects_again(client, context, agent):
    """Closing lets go of connections, not of the client."""
    client.close()
    client.get_console(context, 'compute-1', SERVER, SERIAL)
    client.close()
    client.close()
    assert client.get_console(context, 'compute-1', SERVER, SERIAL)
