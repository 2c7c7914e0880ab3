# SPDX-License-Identifier: Apache-2.0
"""Connects client and server to the message bus."""

from __future__ import annotations

import contextlib
import importlib
import logging
import socket
import threading
import time
from collections.abc import Iterable

import oslo_messaging
from oslo_config import cfg
from oslo_messaging import opts as messaging_opts

from console_ext import conf as config
from console_ext import exceptions, plugin

LOG = logging.getLogger(__name__)

TOPIC = 'compute'

# Since RPC 6.5, a nova-compute that shuts down gracefully answers some methods on this
# topic only (nova/service.py).
SHUTDOWN_TOPIC = 'compute-alt'

# A version of Nova's compute RPC that every nova-compute since 5.0 supports.
VERSION = '5.0'

# The RPC that every service of Nova supports in addition to its own (nova/baserpc.py).
BASE_NAMESPACE = 'baseapi'
BASE_VERSION = '1.0'

RABBIT_PORT = 5672

_CONNECT_TIMEOUT_S = 1.0

# The protocol header of an AMQP 0-9-1 client (section 4.2.2 of the specification).
_AMQP_HEADER = b'AMQP\x00\x00\x09\x01'


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register oslo.messaging's options, with Nova's exchange as the default."""
    for group, opts in messaging_opts.list_opts():
        conf.register_opts(opts, group=group)
    conf.set_default('control_exchange', 'nova')
    # Reconnect to a broker within seconds.  With the library's 30 s, the first requests
    # after an outage would time out.
    conf.set_default('rabbit_interval_max', 2, group='oslo_messaging_rabbit')
    # oslo.messaging (18.3) reads these two groups from the given configuration, but
    # only registers them in the global one, and list_opts does not contain them.
    for name in ('metrics', 'tracing'):
        with contextlib.suppress(ImportError, AttributeError):
            client = importlib.import_module(f'oslo_messaging._{name}.client')
            group = f'oslo_messaging_{name}'
            conf.register_opts(getattr(client, group), group=group)


def is_configured(conf: cfg.ConfigOpts) -> bool:
    """Whether ``transport_url`` is set: its default is a RabbitMQ on localhost."""
    register_opts(conf)
    return config.is_set(conf, 'transport_url')


def check(conf: cfg.ConfigOpts) -> None:
    """Check the URL of the message bus, without connecting.

    :raises ConfigurationError: ``transport_url`` is invalid, or there is no driver for
        it; the text does not quote the URL, which may contain a password
    """
    register_opts(conf)
    try:
        name = parse(conf).transport.partition('+')[0]
    except oslo_messaging.InvalidTransportURL:
        raise exceptions.ConfigurationError(
            'transport_url is not the URL of a message bus, such as '
            'rabbit://user:password@host:5672/'
        ) from None
    if name not in plugin.names('oslo.messaging.drivers'):
        raise exceptions.ConfigurationError(
            f'transport_url: oslo.messaging has no driver for {name!r}'
        )


def parse(conf: cfg.ConfigOpts, url: str | None = None) -> oslo_messaging.TransportURL:
    """Parse the URL of a message bus.

    :param url: None for ``transport_url``
    :raises oslo_messaging.InvalidTransportURL: its text may quote the URL
    """
    try:
        return oslo_messaging.TransportURL.parse(conf, url)
    except ValueError:
        # The parser of the standard library quotes a part of the URL.
        raise oslo_messaging.InvalidTransportURL(
            url, 'Invalid port or IPv6 address'
        ) from None


def connect(
    conf: cfg.ConfigOpts, url: str | None = None
) -> oslo_messaging.transport.RPCTransport:
    """Return a transport; it connects on first use.

    Remote exceptions do not become local classes, so that a peer cannot choose types
    in this process.

    :param url: None for ``transport_url``
    :raises oslo_messaging.InvalidTransportURL, oslo_messaging.DriverLoadFailure:
    """
    register_opts(conf)
    return oslo_messaging.get_rpc_transport(conf, url=url, allowed_remote_exmods=[])


def disconnect(
    connected: Iterable[oslo_messaging.transport.RPCTransport], timeout_s: float
) -> None:
    """Close the connections of transports, in threads.

    The library waits without limit for a broker that is frozen.

    :param timeout_s: how long to wait for all of them together; 0 not to wait
    """
    deadline = time.monotonic() + timeout_s
    threads = [
        threading.Thread(target=_clean_up, args=(one,), name='rpc-close', daemon=True)
        for one in connected
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _clean_up(connected: oslo_messaging.transport.RPCTransport) -> None:
    try:
        connected.cleanup()
    except Exception as error:
        LOG.warning('Closing connections of the bus failed: %s', type(error).__name__)


def broker_answers(
    conf: cfg.ConfigOpts, deadline: float, url: str | None = None
) -> bool:
    """Whether any broker of the bus answers now.

    RabbitMQ must send its greeting, because the kernel accepts connections even for a
    frozen process.  With TLS or with other brokers, a connection is enough.  The result
    is True if there is no broker, as for ``fake:/``.

    :param deadline: on the monotonic clock, in seconds; brokers not tested by then
        count as unavailable
    :param url: None for ``transport_url``
    :raises oslo_messaging.InvalidTransportURL:
    """
    register_opts(conf)
    bus = parse(conf, url)
    greets = bus.transport == 'rabbit' and not conf.oslo_messaging_rabbit.ssl
    for host in bus.hosts:
        timeout_s = min(_CONNECT_TIMEOUT_S, deadline - time.monotonic())
        if timeout_s <= 0:
            return False
        address = (host.hostname or 'localhost', host.port or RABBIT_PORT)
        with contextlib.suppress(OSError):
            if _answers(address, timeout_s, greets):
                return True
    return not bus.hosts


def _answers(address: tuple[str, int], timeout_s: float, greets: bool) -> bool:
    """
    :raises OSError: the broker does not accept a connection or does not answer in time
    """
    with socket.create_connection(address, timeout=timeout_s) as connection:
        if not greets:
            return True
        connection.sendall(_AMQP_HEADER)
        return bool(connection.recv(1))
