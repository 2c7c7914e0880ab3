# SPDX-License-Identifier: Apache-2.0
"""The message bus, as both halves reach it."""

from __future__ import annotations

import contextlib
import importlib
import logging
import socket
import threading
import time
from collections.abc import Iterable
from importlib import metadata

import oslo_messaging
from oslo_config import cfg
from oslo_messaging import opts as messaging_opts

from console_ext import conf as config
from console_ext import exceptions

LOG = logging.getLogger(__name__)

TOPIC = 'compute'

# Since RPC 6.5 a nova-compute that shuts down gracefully answers some methods on this
# topic only (nova/service.py).
SHUTDOWN_TOPIC = 'compute-alt'

# Both halves: Nova's compute RPC, of which every nova-compute since 5.0 knows this.
VERSION = '5.0'

# What every service of Nova answers beside its own methods (nova/baserpc.py).
BASE_NAMESPACE = 'baseapi'
BASE_VERSION = '1.0'

RABBIT_PORT = 5672

_CONNECT_TIMEOUT_S = 1.0

# What a client of AMQP 0-9-1 sends first (section 4.2.2 of its specification).
_AMQP_HEADER = b'AMQP\x00\x00\x09\x01'


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register oslo.messaging's options, with Nova's exchange as the default."""
    for group, opts in messaging_opts.list_opts():
        conf.register_opts(opts, group=group)
    conf.set_default('control_exchange', 'nova')
    # A broker that was away is found again within seconds.  The library's own 30 s
    # would make the first requests after its return time out.
    conf.set_default('rabbit_interval_max', 2, group='oslo_messaging_rabbit')
    # oslo.messaging (18.3) reads these two groups from the configuration it is given,
    # but registers them on the global one only, and list_opts leaves them out.
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
    """Refuse a message bus that cannot be used, before anything is connected.

    :raises ConfigurationError: ``transport_url`` is none, or there is no driver for it;
        the text does not quote it, for it may hold a password
    """
    register_opts(conf)
    try:
        name = oslo_messaging.TransportURL.parse(conf).transport.partition('+')[0]
    except (oslo_messaging.InvalidTransportURL, ValueError):
        raise exceptions.ConfigurationError(
            'transport_url is not the URL of a message bus, such as '
            'rabbit://user:password@host:5672/'
        ) from None
    if not metadata.entry_points(group='oslo.messaging.drivers', name=name):
        raise exceptions.ConfigurationError(
            f'transport_url: oslo.messaging has no driver for {name!r}'
        )


def connect(
    conf: cfg.ConfigOpts, url: str | None = None
) -> oslo_messaging.transport.RPCTransport:
    """A transport; no connection is made before it is used.

    No remote exception is rebuilt as a local class: the wire decides no types here.

    :param url: None for that of ``transport_url``
    :raises oslo_messaging.InvalidTransportURL, oslo_messaging.DriverLoadFailure:
    """
    register_opts(conf)
    return oslo_messaging.get_rpc_transport(conf, url=url, allowed_remote_exmods=[])


def disconnect(
    connected: Iterable[oslo_messaging.transport.RPCTransport], timeout_s: float
) -> None:
    """Drop the connections of transports, or leave them to a thread.

    A broker that is frozen is waited for without end by the library that closes the
    connections.

    :param timeout_s: for all of them together; 0 to leave them at once
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

    RabbitMQ has to send its greeting: the kernel accepts connections for a process that
    is stopped.  Over TLS, and from other brokers, a connection is enough.  True where
    there is no broker, as for ``fake:/``.

    :param deadline: on the monotonic clock, in seconds; brokers that were not asked by
        then count as away
    :param url: None for that of ``transport_url``
    :raises oslo_messaging.InvalidTransportURL:
    """
    register_opts(conf)
    bus = oslo_messaging.TransportURL.parse(conf, url)
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
    :raises OSError: nobody accepts a connection, or answers in time
    """
    with socket.create_connection(address, timeout=timeout_s) as connection:
        if not greets:
            return True
        connection.sendall(_AMQP_HEADER)
        return bool(connection.recv(1))
