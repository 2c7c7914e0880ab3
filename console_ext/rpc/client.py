# SPDX-License-Identifier: Apache-2.0
"""The client: asks compute hosts where a server's console is."""

from __future__ import annotations

import contextlib
import functools
import logging
import re
import time
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any, TypeVar

import oslo_messaging
from oslo_config import cfg

from console_ext import exceptions
from console_ext.consoles import ConsoleType
from console_ext.context import RequestContext
from console_ext.printable import printable
from console_ext.rpc import circuit_breaker, errors, instance, transport
from console_ext.rpc.bus import Bus, Buses, Host
from console_ext.rpc.instance import Instance

T = TypeVar('T')

LOG = logging.getLogger(__name__)

# A console URL has a few hundred bytes; longer texts are not trusted.
MAX_TEXT = 4096

# The name of a host has at most 253 characters, and the store has room for 255.
MAX_HOST = 255


@dataclass(frozen=True, slots=True)
class ConnectInfo:
    """A compute host's answer: where the console is, and the token that opens it.

    :param port: the same as ``tls_port`` if there is no other
    :param internal_access_path: path to send to the hypervisor in a CONNECT request;
        None if the port leads directly to the console
    :param access_url: the URL for the user; contains the token
    """

    host: str
    port: int
    tls_port: int | None
    internal_access_path: str | None
    token: str = field(repr=False)
    access_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method of a compute host.

    :param method: its name in Nova
    :param bus_url: oslo.messaging's URL of the host's message bus; None for the
        configured one
    :param more: further arguments of the method
    :param deadline: on the monotonic clock, in seconds
    :param topics: tried in this order until the host has a queue for one
    """

    context: RequestContext
    host: str
    method: str
    server: Instance
    console_type: str
    bus_url: str | None = field(repr=False)
    deadline: float
    more: dict[str, Any] = field(default_factory=dict)
    topics: tuple[str, ...] = (transport.TOPIC,)

    @property
    def arguments(self) -> dict[str, Any]:
        server = instance.to_primitive(
            self.server.id,
            database_id=self.server.database_id,
            vm_state=self.server.vm_state,
            host=self.host,
        )
        return {'console_type': self.console_type, 'instance': server, **self.more}

    def remote_error(self, name: Any) -> exceptions.ConsoleExtError:
        """
        :param name: of the remote class, as received: any JSON value
        """
        call = (self.server.id, self.console_type, self.method)
        known = errors.from_wire(name, call) if isinstance(name, str) else None
        return known or exceptions.UnexpectedReply(
            self.host, f'{self.method} failed with {printable(name)}'
        )


class ComputeClient:
    """Calls compute hosts: console-ext-agent or nova-compute.

    Connects at the first call, so that a server may fork before it.  Threads make the
    calls, and callers wait at most ``[console_rpc] timeout``, because oslo.messaging
    blocks indefinitely while a broker is unreachable.  After an unanswered call to a
    host or a broker, further calls fail at once for a while.

    :raises ConfigurationError: ``transport_url`` cannot be used
    """

    # A broker that restarts forgets the queues of hosts until they reconnect.  If a
    # queue existed before, retry for this long.
    QUEUE_GRACE_S = 5.0
    QUEUE_RETRY_S = 0.25

    # If many callers wait for one host, a new call has to begin within this time.  So a
    # host that does not answer blocks only a few threads of the API.
    BEGIN_S = 1.0

    def __init__(self, conf: cfg.ConfigOpts):
        transport.check(conf)
        self._timeout_s = conf.console_rpc.timeout
        self._buses = Buses(conf)

    def get_console(
        self,
        context: RequestContext,
        host: str,
        server: Instance,
        console_type: ConsoleType,
        bus_url: str | None = None,
    ) -> ConnectInfo:
        """Ask for a console of a type, with the type's method in Nova.

        :param bus_url: oslo.messaging's URL of the host's message bus; None for the
            configured one
        :raises ConsoleError: the host reports why there is no console
        :raises ComputeUnavailable: the host does not answer
        :raises UnexpectedReply: the answer is invalid
        """
        call = Call(
            context,
            host,
            console_type.rpc_method,
            server,
            console_type.type,
            bus_url,
            self._deadline(),
        )
        bus = self._buses.get(bus_url)
        answer = self._submit(
            bus, call, functools.partial(_connect_info_of, call, console_type)
        )
        if bus.is_crowded(host):
            with contextlib.suppress(TimeoutError):
                return answer.result(min(self.BEGIN_S, _left(call.deadline)))
            if answer.cancel():
                raise exceptions.TooManyCalls
        with contextlib.suppress(TimeoutError):
            return answer.result(_left(call.deadline) + Bus.MARGIN_S)
        if answer.cancel():
            raise exceptions.TooManyCalls
        raise exceptions.HostUnreachable(host)

    def validate_console_port(
        self,
        context: RequestContext,
        host: str,
        server: Instance,
        console_type: str,
        port: int,
        bus_url: str | None = None,
    ) -> futures.Future[bool]:
        """Ask whether the host still has the server's console on this port.

        :returns: immediately, a future of the answer, with the exceptions of
            :meth:`get_console`.  Cancelling it withdraws a call that has not begun
        :raises ComputeUnavailable: the host is known to be unavailable
        """
        return self._submit(
            self._buses.get(bus_url),
            Call(
                context,
                host,
                'validate_console_port',
                server,
                console_type,
                bus_url,
                self._deadline(),
                # Nova compares it with a string.
                {'port': str(port)},
                (transport.TOPIC, transport.SHUTDOWN_TOPIC),
            ),
            lambda reply: reply is True,
        )

    def close(self) -> None:
        """Close the connections."""
        self._buses.close()

    def _deadline(self) -> float:
        return time.monotonic() + float(self._timeout_s)

    def _submit(
        self, bus: Bus, call: Call, read: Callable[[Any], T]
    ) -> futures.Future[T]:
        """
        :param read: converts the reply to the result
        """
        return bus.submit(call.host, lambda: read(self._make(bus, call)))

    def _make(self, bus: Bus, call: Call) -> Any:
        """Make a call if the host's circuit allows it, in a thread of its bus."""
        # So the log lines of the thread have the request id of the caller.
        call.context.update_store()
        host = bus.host(call.host)
        try:
            with host.circuit.call():
                return self._carry_out(bus, host, call)
        except circuit_breaker.Refused:
            raise exceptions.HostUnreachable(call.host) from None

    def _carry_out(self, bus: Bus, host: Host, call: Call) -> Any:
        """Make a call, and record whether the host and the broker answer."""
        started = time.monotonic()
        try:
            with bus.calling(call.deadline):
                reply = self._ask(bus, host, call)
        except oslo_messaging.RemoteError as error:
            bus.answered(host)
            raise call.remote_error(error.exc_type) from None
        except oslo_messaging.MessageUndeliverable:
            host.has_answered = False
            raise exceptions.HostUnreachable(call.host) from None
        except (oslo_messaging.MessagingTimeout, TimeoutError):
            is_late = time.monotonic() > call.deadline + bus.MARGIN_S
            if is_late and not bus.has_answered_since(started):
                # The library exceeded its own timeout: the broker does not answer.
                bus.failed()
            elif self._had_time(started) and not bus.has_failed_since(started):
                bus.unanswered(call.host, host, started)
            raise exceptions.HostUnreachable(call.host) from None
        except exceptions.ConsoleExtError:
            raise
        except Exception as error:
            name = type(error).__name__
            if errors.is_of_the_bus(error):
                bus.failed()
                LOG.warning('The message bus failed: %s', name)
                raise exceptions.BusUnreachable from None
            bus.answered(host)
            raise call.remote_error(name) from None
        bus.answered(host)
        return reply

    def _had_time(self, started: float) -> bool:
        """Whether the host had enough time to answer a call that times out now.

        It had not if most of the call's time passed before the call was sent.
        """
        enough_s = min(self.BEGIN_S, float(self._timeout_s) / 2)
        return time.monotonic() - started >= enough_s

    def _ask(self, bus: Bus, host: Host, call: Call) -> Any:
        """
        :raises BusUnreachable: the broker does not answer
        """
        if bus.is_well():
            try:
                return self._ask_once(bus, host, call, retry=0)
            except Exception as error:
                # An OSError raised by the host looks like an error of the bus; the
                # host has received the call, so do not repeat it.
                if isinstance(error, OSError) or not errors.is_of_the_bus(error):
                    raise
                # The broker has restarted since the last call, or is unreachable.
                bus.failed()
        bus.probe(call.deadline)
        return self._ask_once(bus, host, call, retry=1)

    def _ask_once(self, bus: Bus, host: Host, call: Call, retry: int) -> Any:
        """
        :param retry: how often to reconnect to publish the message
        """
        retry_until = bus.last_failure + self.QUEUE_GRACE_S
        if host.has_answered:
            retry_until = time.monotonic() + self.QUEUE_GRACE_S
        while True:
            try:
                return self._publish(bus, call, retry)
            except oslo_messaging.MessageUndeliverable:
                next_retry = time.monotonic() + self.QUEUE_RETRY_S
                if next_retry > min(retry_until, call.deadline):
                    raise
            time.sleep(self.QUEUE_RETRY_S)

    def _publish(self, bus: Bus, call: Call, retry: int) -> Any:
        """
        :raises oslo_messaging.MessageUndeliverable: the host has no queue for any topic
        """
        *others, last = call.topics
        for topic in others:
            with contextlib.suppress(oslo_messaging.MessageUndeliverable):
                return self._publish_to(bus, call, topic, retry)
        return self._publish_to(bus, call, last, retry)

    def _publish_to(self, bus: Bus, call: Call, topic: str, retry: int) -> Any:
        caller = bus.connect().prepare(
            topic=topic,
            server=call.host,
            timeout=max(0.01, _left(call.deadline)),
            retry=retry,
        )
        return caller.call(_to_wire(call.context), call.method, **call.arguments)


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def _connect_info_of(call: Call, console_type: ConsoleType, reply: Any) -> ConnectInfo:
    """
    :raises UnexpectedReply: the reply is not valid connect info
    :raises ConsoleTypeUnavailable: the console has only a TLS port, and no proxy can
        use that port
    """
    try:
        return _connect_info(reply, console_type)
    except _OnlyTLS:
        raise exceptions.ConsoleTypeUnavailable(console_type.type) from None
    except (KeyError, TypeError, ValueError) as error:
        # Not the reply itself: it may hold a token.
        raise exceptions.UnexpectedReply(
            call.host, f'the answer of {call.method} is not valid connect info: {error}'
        ) from None


def _to_wire(context: RequestContext) -> dict[str, Any]:
    """The caller's context with the rights of an administrator.

    With it the compute host loads missing fields of the server; otherwise it would not
    find a server of another project.  The caller's identity and request id are kept for
    tracing; the token is not sent.
    """
    values = context.to_dict()
    values.update(
        user_id=context.user_id,
        is_admin=True,
        auth_token=None,
        global_request_id=context.global_id,
        service_catalog=[],
    )
    return values


class _OnlyTLS(Exception):
    """The console has only a TLS port, which cannot be used."""


def _connect_info(reply: Any, console_type: ConsoleType) -> ConnectInfo:
    """
    :raises _OnlyTLS:
    :raises KeyError, TypeError, ValueError: the reply is not valid connect info; the
        text does not quote it
    """
    if not isinstance(reply, dict):
        raise TypeError('not a mapping')
    port, tls_port = _port(reply.get('port')), _port(reply.get('tlsPort'))
    if port is None:
        if tls_port is None:
            raise ValueError('no port')
        # Where nova-compute has -1, it would confirm -1 before each connection, and not
        # that the TLS port is still this server's.  Proxies for native clients read a
        # plain port from the token.
        is_confirmed = reply.get('port') is None
        if not is_confirmed or not console_type.tls or console_type.native_clients:
            raise _OnlyTLS
        port = tls_port
    path = reply.get('internal_access_path')
    return ConnectInfo(
        host=_text(reply, 'host', MAX_HOST),
        port=port,
        tls_port=tls_port,
        internal_access_path=None
        if path is None
        else _text(reply, 'internal_access_path'),
        token=_text(reply, 'token'),
        access_url=_text(reply, 'access_url'),
    )


def _port(value: Any) -> int | None:
    """A port; None if there is none, which libvirt writes as -1."""
    if value in (None, '-1') or (type(value) is int and value == -1):
        return None
    # Some of Nova's drivers read it from XML and leave it a string.
    if isinstance(value, str) and re.fullmatch('[0-9]{1,5}', value):
        value = int(value)
    if type(value) is not int or not 0 < value < 2**16:
        raise ValueError('no port')
    return value


def _text(reply: dict[str, Any], key: str, most: int = MAX_TEXT) -> str:
    value = reply[key]
    if not (isinstance(value, str) and 0 < len(value) <= most and value.isprintable()):
        raise ValueError(f'{key} is not a text of 1 to {most} printable characters')
    return value
