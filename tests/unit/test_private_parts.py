# SPDX-License-Identifier: Apache-2.0
"""What this package uses of libraries beyond their documentation.

A release of a library may change it without a word.  So ``setup.cfg`` has an upper
bound for websockets and waitress; it is raised when these tests pass on the next
version.  It has none for oslo.messaging and oslo.db, whose versions are those of the
API around the filter, and without whose private parts the filter still works.
"""

import asyncio
import http.client
import importlib
import logging
import socket
import threading

import oslo_messaging
import pytest
import sqlalchemy as sa
import waitress
from oslo_config import cfg
from oslo_db.sqlalchemy import engines, exc_filters
from waitress import wasyncore
from websockets.exceptions import (
    HeaderLineTooLong,
    ProtocolError,
    RequestLineTooLong,
    TooManyHeaders,
)
from websockets.frames import Frame, Opcode
from websockets.protocol import CLOSING, OPEN, SEND_EOF
from websockets.server import ServerProtocol

from console_ext.rpc import failures, transport
from tests.functional.proxy.wire import upgrade
from tests.parts.waiting import wait_for


def sent(opcode, data=b'', fin=True):
    return Frame(opcode, data, fin).serialize(mask=True)


# websockets: proxy/relay/inbound.py, proxy/relay/client.py, proxy/http/messages.py


@pytest.fixture
def wire():
    return ServerProtocol(state=OPEN, max_size=(None, 1000))


def test_websockets_limits_frames_and_not_messages(wire):
    """The limit is stored in max_fragment_size."""
    assert wire.max_fragment_size == 1000
    wire.receive_data(sent(Opcode.BINARY, bytes(1000), fin=False))
    for _ in range(99):
        wire.receive_data(sent(Opcode.CONT, bytes(1000), fin=False))
    assert [len(one.data) for one in wire.events_received()] == [1000] * 100
    assert wire.parser_exc is None


@pytest.mark.parametrize('kind', [bytes, bytearray, memoryview])
def test_websockets_takes_any_bytes(wire, kind):
    """Bytes may be split anywhere."""
    data = bytearray(sent(Opcode.BINARY, b'payload'))
    for start in range(len(data)):
        wire.receive_data(kind(data[start : start + 1]))
    (frame,) = wire.events_received()
    assert (frame.opcode, frame.data, frame.fin) == (Opcode.BINARY, b'payload', True)


def test_websockets_leaves_text_as_it_is(wire):
    """The caller has to check that it is UTF-8."""
    wire.receive_data(sent(Opcode.TEXT, b'\xff'))
    (frame,) = wire.events_received()
    assert frame.data == b'\xff'


def test_websockets_lets_a_payload_be_taken(wire):
    """The parser keeps the frame until the next one."""
    wire.receive_data(sent(Opcode.BINARY, b'payload'))
    (frame,) = wire.events_received()
    frame.data = b''
    wire.receive_data(sent(Opcode.BINARY, b'next'))
    (frame,) = wire.events_received()
    assert frame.data == b'next'


def test_websockets_answers_pings_by_itself(wire):
    """The answers are in ``writes`` until they are fetched."""
    wire.receive_data(sent(Opcode.PING, b'x'))
    assert wire.writes == [Frame(Opcode.PONG, b'x').serialize(mask=False)]
    assert wire.data_to_send()
    assert wire.writes == []


def test_websockets_at_a_close_frame(wire):
    """The library answers, ends the stream, and reads no more."""
    assert not wire.eof_sent
    wire.receive_data(sent(Opcode.CLOSE, b'\x03\xe8'))
    assert wire.eof_sent
    assert wire.close_rcvd.code == 1000
    assert wire.parser_exc is None
    assert wire.data_to_send()[-1] == SEND_EOF
    wire.events_received()
    wire.receive_data(sent(Opcode.BINARY, b'late'))
    assert wire.events_received() == []


def test_websockets_at_its_own_close_frame(wire):
    """The library keeps reading for the answer; then it ends the stream."""
    wire.send_close(1001, 'reason')
    assert wire.state is CLOSING
    assert not wire.eof_sent
    wire.receive_data(sent(Opcode.BINARY, b'late') + sent(Opcode.CLOSE, b'\x03\xe9'))
    assert [one.opcode for one in wire.events_received()] == [
        Opcode.BINARY,
        Opcode.CLOSE,
    ]
    assert wire.eof_sent
    assert wire.data_to_send()[-1] == SEND_EOF


def test_websockets_at_what_is_no_frame(wire):
    """``parser_exc`` has the reason; the close frame and the end are to be sent."""
    wire.receive_data(b'\xff\xff')
    assert isinstance(wire.parser_exc, ProtocolError)
    assert wire.eof_sent
    *_, close, end = wire.data_to_send()
    assert (close[0], end) == (0x88, SEND_EOF)


def test_websockets_fails_a_connection(wire):
    """With a code that the caller chooses, and without ``parser_exc``."""
    wire.fail(1009, 'too big')
    assert wire.eof_sent
    assert wire.parser_exc is None


@pytest.mark.parametrize(
    ('head', 'error'),
    [
        (upgrade('/' + 'x' * 10_000), RequestLineTooLong),
        (upgrade('/', f'X: {"x" * 10_000}'), HeaderLineTooLong),
        (upgrade('/', *['X: x'] * 200), TooManyHeaders),
        (b'nonsense\r\n\r\n', Exception),
    ],
)
def test_websockets_at_a_bad_request(head, error):
    """There is no request among the events, and ``handshake_exc`` has the reason."""
    wire = ServerProtocol()
    wire.receive_data(head)
    assert wire.events_received() == []
    assert isinstance(wire.handshake_exc, error)


def test_websockets_gives_the_whole_request():
    """Including method and protocol, and without an answer before the accept."""
    wire = ServerProtocol()
    wire.receive_data(upgrade('/path?a=b'))
    (request,) = wire.events_received()
    assert (request.method, request.path, request.protocol) == (
        'GET',
        '/path?a=b',
        'HTTP/1.1',
    )
    assert wire.data_to_send() == []
    response = wire.accept(request)
    assert response.status_code == 101
    assert wire.data_to_send() == []
    wire.send_response(response)
    assert wire.state is OPEN


# waitress: standalone/http_server.py


class Served:
    """A server of waitress, configured like HTTPServer."""

    def __init__(self, application):
        listener = socket.create_server(('127.0.0.1', 0))
        self.address = listener.getsockname()
        self.dispatchers = {}
        self.server = waitress.create_server(
            application, map=self.dispatchers, sockets=[listener], threads=1
        )
        self.made = []
        make = self.server.channel_class

        def connect(*args, **more):
            self.made.append(make(*args, **more))
            return self.made[-1]

        self.server.channel_class = connect
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()

    def connect(self):
        return socket.create_connection(self.address, timeout=30)

    def in_its_thread(self, call):
        self.server.trigger.pull_trigger(call)


@pytest.fixture
def served():
    started = []

    def start(application):
        started.append(Served(application))
        return started[-1]

    yield start
    for one in started:
        one.server.task_dispatcher.shutdown(timeout=1)
        one.in_its_thread(lambda: wasyncore.close_all(one.dispatchers))  # noqa: B023
        one.thread.join(10)
        assert not one.thread.is_alive()


def hello(environ, start_response):
    if environ['PATH_INFO'] == '/fail':
        raise RuntimeError
    start_response('200 OK', [('Content-Length', '2')])
    return [b'ok']


def test_waitress_makes_connections_by_its_channel_class(served):
    """Channels have ``requests`` and ``last_activity``."""
    one = served(hello)
    with one.connect() as connection:
        wait_for(lambda: one.made)
        (made,) = one.made
        wait_for(lambda: list(one.server.active_channels.values()) == [made])
        assert not made.requests
        assert made.total_outbufs_len == 0
        idle_since = made.last_activity
        assert not made.will_close
        connection.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert (response.status, response.read()) == (200, b'ok')
        assert made.last_activity >= idle_since
        # The server closes it later.
        made.will_close = True
        one.in_its_thread(lambda: None)
        assert connection.recv(1) == b''
    wait_for(lambda: not one.server.active_channels)


def test_waitress_logs_a_failure_with_its_path(served):
    """The connection's logger has the message, in a form that can be shortened."""
    one = served(hello)
    logged = []

    class Logger(logging.LoggerAdapter):
        def process(self, msg, kwargs):
            logged.append(msg)
            return msg, kwargs

    with one.connect() as connection:
        wait_for(lambda: one.made)
        one.made[0].logger = Logger(one.made[0].logger)
        connection.sendall(b'GET /fail HTTP/1.1\r\nHost: x\r\n\r\n')
        assert connection.recv(1000).startswith(b'HTTP/1.1 500')
    assert logged == ['Exception while serving /fail']


def test_waitress_stops_listening_and_goes_on(served):
    """Only the listener is closed; connected clients are answered."""
    one = served(hello)
    with one.connect() as connection:
        wait_for(lambda: one.made)
        one.in_its_thread(lambda: wasyncore.dispatcher.close(one.server))
        wait_for(lambda: not listens(one.address))
        connection.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
        assert connection.recv(1000).startswith(b'HTTP/1.1 200')


def listens(address):
    try:
        socket.create_connection(address, timeout=30).close()
    except ConnectionError:
        return False
    return True


# oslo.messaging: rpc/transport.py, rpc/failures.py, rpc/bus.py


def test_oslo_messaging_reads_groups_that_it_does_not_list():
    """They are registered on the global configuration only."""
    conf = cfg.ConfigOpts()
    transport.register_opts(conf)
    conf([], default_config_files=[])
    assert conf.oslo_messaging_metrics.metrics_enabled is False
    for name in ('metrics', 'tracing'):
        assert f'oslo_messaging_{name}' in conf
        client = importlib.import_module(f'oslo_messaging._{name}.client')
        assert getattr(client, f'oslo_messaging_{name}')


def test_oslo_messaging_logs_failures_there():
    """Both modules have a logger with these names."""
    server = importlib.import_module('oslo_messaging.rpc.server')
    driver = importlib.import_module('oslo_messaging._drivers.impl_rabbit')
    assert (server.LOG.name, driver.LOG.name) == failures._LOGGERS


def test_oslo_messaging_names_the_remote_class():
    """The name is that of the wire, whatever it is."""
    assert oslo_messaging.RemoteError('Name', 'text', []).exc_type == 'Name'


# oslo.db and SQLAlchemy: store/engine.py


def test_oslo_db_handles_errors_with_one_function():
    """It is registered for each engine, after which others can be registered first."""
    made = engines.create_engine('sqlite://')
    assert sa.event.contains(made, 'handle_error', exc_filters.handler)


def test_sqlalchemy_leaves_the_end_of_transactions_to_others(monkeypatch):
    """If a pool's ``_reset_on_return`` says so."""
    made = engines.create_engine('sqlite://')
    calls = []
    monkeypatch.setattr(made.dialect, 'do_rollback', calls.append)
    for count in (1, 0):
        with made.connect() as connection:
            connection.exec_driver_sql('SELECT 1')
            connection.commit()
        assert len(calls) == count
        calls.clear()
        made.pool._reset_on_return = sa.pool.reset_none


# asyncio and uvloop: proxy/admission/leases.py, proxy/http/connections.py


@pytest.fixture(params=['asyncio', 'uvloop'])
def run(request):
    """A function that runs a coroutine in each kind of event loop."""
    factory = asyncio.new_event_loop
    if request.param == 'uvloop':
        factory = pytest.importorskip('uvloop').new_event_loop

    def run(coroutine):
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(coroutine)

    return run


class Lost(asyncio.Protocol):
    def __init__(self):
        self.transport = None
        self.lost = False

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, error):
        self.lost = True


def test_event_loops_close_a_socket_in_their_next_round(run):
    """After abort(), so that a process may end right after that iteration."""

    async def inside():
        ours, theirs = socket.socketpair()
        with theirs:
            loop = asyncio.get_running_loop()
            ours.setblocking(False)
            _, protocol = await loop.create_connection(Lost, sock=ours)
            protocol.transport.abort()
            await asyncio.sleep(0)
            assert protocol.lost
            await asyncio.sleep(0)
            theirs.settimeout(30)
            assert theirs.recv(1) == b''

    run(inside())


def test_event_loops_hand_a_connection_on(run):
    """Later events go to the protocol set by ``set_protocol``."""

    class Reader(Lost):
        def __init__(self):
            super().__init__()
            self.received = b''

        def data_received(self, data):
            self.received += data

    async def inside():
        ours, theirs = socket.socketpair()
        with theirs:
            ours.setblocking(False)
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_connection(Lost, sock=ours)
            reader = Reader()
            transport.set_protocol(reader)
            # Although nothing has paused it.
            transport.resume_reading()
            theirs.sendall(b'data')
            async with asyncio.timeout(5):
                while reader.received != b'data':
                    await asyncio.sleep(0.01)
            transport.abort()

    run(inside())
