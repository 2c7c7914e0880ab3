# SPDX-License-Identifier: Apache-2.0
"""Whether brokers and compute hosts can be reached, for who asks by hand.

Nothing is left behind: the one message that is sent has nobody to go to, or is Nova's
own ``ping``.
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
    'AccessRefused': 'it refuses the user or the password',
    'NotAllowed': 'it has no such virtual host, or not for this user',
}

_CLOSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Broker:
    """One of the brokers of a message bus.

    :param name: host and port, or that of a transport without brokers
    :param url: of a bus that has no other
    """

    name: str
    # It holds a password.
    url: str = field(repr=False)


def brokers_of(conf: cfg.ConfigOpts, url: str | None = None) -> list[Broker]:
    """
    :param url: None for that of ``transport_url``
    :raises oslo_messaging.InvalidTransportURL: its text may quote the URL
    """
    transport.register_opts(conf)
    bus = oslo_messaging.TransportURL.parse(conf, url)
    if not bus.hosts:
        # Where the driver for RabbitMQ looks then; others have no brokers.
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


def why_no_broker(conf: cfg.ConfigOpts, broker: Broker) -> str | None:
    """What is in the way to a broker; None where it lets us in.

    It may wait for longer than anyone would.
    """
    nobody = oslo_messaging.Target(server=f'nobody-{uuid.uuid4()}')
    try:
        with _client(conf, broker.url, nobody) as client:
            # A call would first wait for a connection for its reply, without end.
            client.cast({}, 'ping', arg='')
    except oslo_messaging.MessageUndeliverable:
        return None
    except oslo_messaging.DriverLoadFailure as error:
        return f'there is no driver for {error.driver!r}'
    except Exception as error:
        return _why_not(error)
    return None


def why_no_host(
    conf: cfg.ConfigOpts, host: str, timeout_s: float, url: str | None = None
) -> str | None:
    """Why a compute host, Nova's or ours, does not answer; None where it does.

    For a bus whose brokers let us in; else it waits for them.

    :param url: of the message bus that the host is on; None for that of
        ``transport_url``
    """
    try:
        with _client(conf, url, oslo_messaging.Target(server=host)) as client:
            client.prepare(timeout=timeout_s).call({}, 'ping', arg='')
    except oslo_messaging.MessageUndeliverable:
        return 'it has no queue: nobody answers for it'
    except oslo_messaging.MessagingTimeout:
        return f'it has a queue, but does not answer within {timeout_s:g} s'
    except (oslo_messaging.RemoteError, oslo_messaging.UnsupportedVersion):
        # An error is an answer.
        return None
    except Exception as error:
        return _why_not(error)
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


def _why_not(error: BaseException) -> str:
    """In our words: a library's may quote the URL."""
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
            return 'it cannot be reached: nobody listens there'
        if isinstance(cause, TimeoutError):
            return 'it cannot be reached, or does not speak AMQP: no answer in time'
        if isinstance(cause, OSError):
            return f'it cannot be reached: {cause.strerror or type(cause).__name__}'
        cause = cause.__cause__ or cause.__context__
    return f'it cannot be used: {type(error).__name__}'
