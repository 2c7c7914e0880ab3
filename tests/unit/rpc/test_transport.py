# SPDX-License-Identifier: Apache-2.0
"""The message bus."""

import contextlib
import socket
import threading
import time

import pytest

from console_ext import exceptions
from console_ext.rpc import transport
from tests.parts.waiting import wait_for


def test_nova_s_exchange_is_the_default(deployment):
    """nova-compute is found without configuration."""
    conf = deployment.conf()
    transport.register_opts(conf)
    assert conf.control_exchange == 'nova'
    assert conf.oslo_messaging_rabbit.rabbit_interval_max == 2


def test_configuration_wins_over_our_defaults(deployment):
    """Configured values replace our defaults."""
    deployment.configure(
        DEFAULT={'control_exchange': 'cell2'},
        oslo_messaging_rabbit={'rabbit_interval_max': 9},
    )
    conf = deployment.conf()
    transport.register_opts(conf)
    assert conf.control_exchange == 'cell2'
    assert conf.oslo_messaging_rabbit.rabbit_interval_max == 9


def test_both_halves_may_register(deployment):
    """A process with client and server registers the options twice."""
    conf = deployment.conf()
    transport.connect(conf).cleanup()
    transport.connect(conf).cleanup()


class Connected:
    """A transport whose close hangs, fails or succeeds."""

    def __init__(self, act=lambda: None):
        self.closed = threading.Event()
        self._act = act

    def cleanup(self):
        self._act()
        self.closed.set()


def _fail():
    raise OSError('why')


def test_disconnect(caplog):
    """A frozen broker does not delay the end, nor closing the others."""
    over = threading.Event()
    frozen, broken, well = Connected(over.wait), Connected(_fail), Connected()
    started = time.monotonic()
    transport.disconnect([frozen, broken, well], 0.5)
    assert time.monotonic() - started >= 0.5
    assert well.closed.wait(30)
    assert not frozen.closed.is_set()
    wait_for(lambda: 'Closing connections of the bus failed: OSError' in caplog.text)
    over.set()
    assert frozen.closed.wait(30)


def test_disconnect_without_waiting():
    """It is still done, in the background."""
    connected = Connected()
    transport.disconnect([connected], 0)
    assert connected.closed.wait(30)


def _url(*ports, host='127.0.0.1'):
    return 'rabbit://' + ','.join(f'u:p@{host}:{port}' for port in ports) + '/'


@contextlib.contextmanager
def _listener(family, address, greeting=b'\1'):
    """Imitates a broker's greeting; without one, a stopped broker."""
    with socket.socket(family) as listener:
        listener.bind((address, 0))
        listener.listen()

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        assert connection.recv(8) == b'AMQP\0\0\x09\1'
                        connection.sendall(greeting)

        if greeting:
            threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        # A thread in accept() keeps the socket open.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def closed_port():
    """A reserved port on which nobody listens."""
    with socket.socket() as held:
        held.bind(('127.0.0.1', 0))
        yield held.getsockname()[1]


def _listens(deployment, url):
    conf = deployment.configure(DEFAULT={'transport_url': url}).conf()
    transport.register_opts(conf)
    return transport.broker_answers(conf, time.monotonic() + 30)


def test_in_process_there_is_no_broker_to_miss(deployment):
    """The in-process driver has no broker."""
    assert _listens(deployment, 'fake:/')


def test_broker_that_listens(deployment, closed_port):
    """One of several brokers is enough."""
    with _listener(socket.AF_INET, '127.0.0.1') as port:
        assert _listens(deployment, _url(port))
        assert _listens(deployment, _url(closed_port, port))


def test_broker_that_does_not_listen(deployment, closed_port):
    """If none listens, the probe fails."""
    assert not _listens(deployment, _url(closed_port))
    assert not _listens(deployment, _url(closed_port, closed_port))


def test_broker_that_is_stopped(deployment, monkeypatch):
    """The kernel accepts its connections, but there is no greeting."""
    monkeypatch.setattr(transport, '_CONNECT_TIMEOUT_S', 2)
    with _listener(socket.AF_INET, '127.0.0.1', greeting=b'') as silent:
        assert not _listens(deployment, _url(silent))
        with _listener(socket.AF_INET, '127.0.0.1') as well:
            assert _listens(deployment, _url(silent, well))


def test_broker_that_greets_over_tls_only(deployment):
    """With TLS, a connection is enough."""
    deployment.configure(oslo_messaging_rabbit={'ssl': True})
    with _listener(socket.AF_INET, '127.0.0.1', greeting=b'') as port:
        assert _listens(deployment, _url(port))


def test_broker_at_an_ipv6_address(deployment):
    """The brackets belong to the URL, not to the address."""
    if not socket.has_ipv6:
        pytest.skip('this Python has no IPv6')
    try:
        listening = _listener(socket.AF_INET6, '::1')
        with listening as port:
            assert _listens(deployment, _url(port, host='[::1]'))
    except OSError as error:
        pytest.skip(f'no IPv6 loopback: {error}')


def test_name_that_does_not_resolve(deployment):
    """A broker without an address counts as not listening."""
    assert not _listens(deployment, _url(5672, host='broker.invalid'))


def test_groups_of_the_library_need_no_global_configuration(deployment):
    """oslo.messaging registers two groups only on its global configuration."""
    conf = deployment.conf()
    transport.register_opts(conf)
    assert conf.oslo_messaging_metrics is not None


def test_no_broker_is_asked_after_the_deadline(deployment):
    """The deadline holds for any number of brokers."""
    with _listener(socket.AF_INET, '127.0.0.1') as port:
        conf = deployment.configure(DEFAULT={'transport_url': _url(port)}).conf()
        transport.register_opts(conf)
        assert transport.broker_answers(conf, time.monotonic() + 30)
        assert not transport.broker_answers(conf, time.monotonic() - 1)


@pytest.mark.parametrize(
    'url',
    [
        '',
        'x',
        'swordfish://u:swordfish@h/',
        'rabbit://[swordfish',
        'rabbit://h:swordfish',
    ],
)
def test_bus_that_cannot_be_used(deployment, url):
    """The error at the start does not quote the URL, which may have a password."""
    conf = deployment.configure(DEFAULT={'transport_url': url}).conf()
    with pytest.raises(exceptions.ConfigurationError) as caught:
        transport.check(conf)
    assert str(caught.value).startswith('transport_url')
    assert '@' not in str(caught.value).replace('user:password@', '')


@pytest.mark.parametrize('url', ['fake:/', 'rabbit://u:p@h:5672,u:p@i/', 'kombu://h'])
def test_bus_that_can(deployment, url):
    """There is no connection yet."""
    transport.check(deployment.configure(DEFAULT={'transport_url': url}).conf())
