# SPDX-License-Identifier: Apache-2.0
"""Tests whether brokers and compute hosts can be reached, for ``check``.

It changes nothing.  The only message that it sends has no recipient or is a ``ping`` of
Nova's protocol.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import oslo_messaging
from oslo_config import cfg

from console_ext.rpc import transport

_REFUSALS = {
    'AccessRefused': 'it rejects the user or the password',
    'NotAllowed': 'it has no such virtual host, or the user may not use it',
}

_CLOSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker of a message bus.

    :param name: host and port, or the transport's name if it has no brokers
    :param url: the URL of a bus that only has this broker
    """

    name: str
    # Contains a password.
    url: str = field(repr=False)


def brokers_of(conf: cfg.ConfigOpts, url: str | None = None) -> list[Broker]:
    """
    :param url: None for ``transport_url``
    :raises oslo_messaging.InvalidTransportURL: its text may quote the URL
    """
    transport.register_opts(conf)
    bus = transport.parse(conf, url)
    if not bus.hosts:
        # The default of the driver for RabbitMQ; other transports have no brokers.
        is_rabbit = bus.transport == 'rabbit'
        name = f'localhost:{transport.RABBIT_PORT}' if is_rabbit else bus.transport
        return [Broker(name, str(bus))]
    return [
        Broker(
            f'{host.hostname}:{host.port or transport.RABBIT_PORT}',
            str(
                oslo_messaging.TransportURL(
                    conf, bus.transport, bus.virtual_host, [host], query=bus.query
                )
            ),
        )
        for host in bus.hosts
    ]


def broker_problem(conf: cfg.ConfigOpts, broker: Broker) -> str | None:
    """Return why a broker cannot be used, or None.

    There is no timeout: the call may block for minutes.
    """
    nobody = oslo_messaging.Target(server=f'nobody-{uuid.uuid4()}')
    try:
        with _client(conf, broker.url, nobody) as client:
            # A call would first wait for a reply connection, without a timeout.
            client.cast({}, 'ping', arg='')
    except oslo_messaging.MessageUndeliverable:
        return None
    except oslo_messaging.DriverLoadFailure as error:
        return f'there is no driver for {error.driver!r}'
    except Exception as error:
        return _reason(error)
    return None


def host_problem(
    conf: cfg.ConfigOpts, host: str, timeout_s: float, url: str | None = None
) -> str | None:
    """Return why a compute host does not answer, or None.

    Call this only for a bus with a working broker; otherwise it may block for minutes.

    :param url: the URL of the host's message bus; None for ``transport_url``
    """
    try:
        with _client(conf, url, oslo_messaging.Target(server=host)) as client:
            client.prepare(timeout=timeout_s).call({}, 'ping', arg='')
    except oslo_messaging.MessageUndeliverable:
        return 'it has no queue: its compute service is not running on this bus'
    except oslo_messaging.MessagingTimeout:
        return f'it has a queue, but does not answer within {timeout_s:g} s'
    except (oslo_messaging.RemoteError, oslo_messaging.UnsupportedVersion):
        # An error is an answer.
        return None
    except Exception as error:
        return _reason(error)
    return None


@contextlib.contextmanager
def _client(
    conf: cfg.ConfigOpts, url: str | None, target: oslo_messaging.Target
) -> Iterator[oslo_messaging.RPCClient]:
    connected = transport.connect(conf, url)
    try:
        yield oslo_messaging.get_rpc_client(
            connected,
            target(
                topic=transport.TOPIC,
                namespace=transport.BASE_NAMESPACE,
                version=transport.BASE_VERSION,
            ),
            retry=0,
            transport_options=oslo_messaging.TransportOptions(at_least_once=True),
        )
    finally:
        transport.disconnect([connected], _CLOSE_S)


def _reason(error: BaseException) -> str:
    """Describe an error without the library's text, which may quote the URL."""
    cause: BaseException | None = error
    while cause is not None:
        refusal = _REFUSALS.get(type(cause).__name__)
        if refusal is not None:
            return refusal
        if isinstance(cause, ssl.SSLError):
            return f'TLS fails: {cause.reason or type(cause).__name__}'
        if isinstance(cause, socket.gaierror):
            return 'its name cannot be resolved'
        if isinstance(cause, ConnectionRefusedError):
            return 'it cannot be reached: connection refused'
        if isinstance(cause, TimeoutError):
            return 'it cannot be reached, or does not speak AMQP: no answer in time'
        if isinstance(cause, OSError):
            return f'it cannot be reached: {cause.strerror or type(cause).__name__}'
        cause = cause.__cause__ or cause.__context__
    return f'it cannot be used: {type(error).__name__}'
