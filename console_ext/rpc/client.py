# SPDX-License-Identifier: Apache-2.0
"""The asking half: where is this server's console?"""

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
from console_ext.rpc import errors, instance, transport
from console_ext.rpc.bus import Bus, Buses, Host
from console_ext.rpc.instance import Instance

T = TypeVar('T')

LOG = logging.getLogger(__name__)

# A console URL is a few hundred bytes; whatever sends more is not to be believed.
MAX_TEXT = 4096


@dataclass(frozen=True, slots=True)
class ConnectInfo:
    """A compute host's answer: where the console is, and the token that opens it.

    :param internal_access_path: what the hypervisor wants first on the connection
        (a CONNECT path); None for a plain port
    :param access_url: the URL for the user; holds the token
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

    :param method: Nova's name of it
    :param bus_url: of the message bus that the host is on, oslo.messaging's; None for
        the configured one
    :param more: further arguments of the method
    :param deadline: on the monotonic clock, in seconds
    :param topics: where the host may have a queue; the first that it has is asked
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
        :param name: of the remote class, as it came: any JSON
        """
        asked = (self.server.id, self.console_type, self.method)
        known = errors.from_wire(name, asked) if isinstance(name, str) else None
        return known or exceptions.UnexpectedReply(
            self.host, f'{self.method} failed with {printable(name)}'
        )


class ComputeClient:
    """Calls compute hosts, ours or Nova's.

    Connects at the first call, so that a server may fork before.  Threads of the bus
    make the calls, and ``[console_rpc] timeout`` bounds how long a caller waits,
    because oslo.messaging blocks without bound while a broker is away.  A host, or a
    broker, that has just left a call unanswered is not waited for again.

    :raises ConfigurationError: ``transport_url`` cannot be used
    """

    # A broker that restarts forgets the queues of hosts, until these have found it
    # again.  For so long a queue that was there before is asked for again.
    QUEUE_GRACE_S = 5.0
    QUEUE_RETRY_S = 0.25

    # Where many callers wait for one host, the last of them wait no longer than this
    # for their calls to begin: a silent host keeps few threads of the API.
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
        """Ask for a console of a type, by the method of Nova's that gives it.

        :param bus_url: of the message bus that the host is on, oslo.messaging's; None
            for the configured one
        :raises ConsoleError: the host says why there is no console
        :raises ComputeUnavailable: it cannot be asked now
        :raises UnexpectedReply: the answer is outside the contract
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
        asked = self._submit(bus, call, functools.partial(_connect_info_of, call))
        if bus.is_crowded(host):
            with contextlib.suppress(TimeoutError):
                return asked.result(min(self.BEGIN_S, _left(call.deadline)))
            if asked.cancel():
                raise exceptions.TooManyCalls
        with contextlib.suppress(TimeoutError):
            return asked.result(_left(call.deadline) + Bus.MARGIN_S)
        if asked.cancel():
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
        """Ask whether the host still has that console of that server on that port.

        :returns: at once, the answer to come: its exceptions are those of
            :meth:`get_console`.  To cancel it takes a call back that has not
            begun
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
        """Drop the connections, if there are any."""
        self._buses.close()

    def _deadline(self) -> float:
        return time.monotonic() + float(self._timeout_s)

    def _submit(
        self, bus: Bus, call: Call, read: Callable[[Any], T]
    ) -> futures.Future[T]:
        """
        :param read: makes the result of the reply
        """
        return bus.submit(call.host, lambda: read(self._make(bus, call)))

    def _make(self, bus: Bus, call: Call) -> Any:
        """Make a call, in a thread of its bus."""
        # The log lines of the thread have the request id of the caller.
        call.context.update_store()
        host = bus.host(call.host)
        started = time.monotonic()
        if not host.circuit.enter():
            raise exceptions.HostUnreachable(call.host)
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
                # The library's own timeout did not end it: the broker is stuck.
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
        finally:
            host.circuit.inconclusive()
        bus.answered(host)
        return reply

    def _had_time(self, started: float) -> bool:
        """Whether a call that ends now had time to be answered.

        A call that waited long for its turn says nothing of the host.
        """
        fair_s = min(self.BEGIN_S, float(self._timeout_s) / 2)
        return time.monotonic() - started >= fair_s

    def _ask(self, bus: Bus, host: Host, call: Call) -> Any:
        """
        :raises BusUnreachable: no broker answers
        """
        if bus.is_well():
            try:
                return self._ask_once(bus, host, call, retry=0)
            except Exception as error:
                # A host's own OSError looks like one of the bus, and its call was made.
                if isinstance(error, OSError) or not errors.is_of_the_bus(error):
                    raise
                # The broker has restarted since, or is away.
                bus.failed()
        bus.probe(call.deadline)
        return self._ask_once(bus, host, call, retry=1)

    def _ask_once(self, bus: Bus, host: Host, call: Call, retry: int) -> Any:
        """
        :param retry: how often to connect again to publish the message
        """
        patience = bus.last_failure + self.QUEUE_GRACE_S
        if host.has_answered:
            patience = time.monotonic() + self.QUEUE_GRACE_S
        while True:
            try:
                return self._publish(bus, call, retry)
            except oslo_messaging.MessageUndeliverable:
                again = time.monotonic() + self.QUEUE_RETRY_S
                if again > min(patience, call.deadline):
                    raise
            time.sleep(self.QUEUE_RETRY_S)

    def _publish(self, bus: Bus, call: Call, retry: int) -> Any:
        """
        :raises oslo_messaging.MessageUndeliverable: the host has no queue at all
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


def _connect_info_of(call: Call, reply: Any) -> ConnectInfo:
    """
    :raises UnexpectedReply: the reply is no connect info
    :raises ConsoleTypeUnavailable: the console wants TLS
    """
    try:
        return _connect_info(reply)
    except _OnlyTLS:
        # A proxy, Nova's or ours, speaks no TLS to a guest: the URL would open nothing.
        raise exceptions.ConsoleTypeUnavailable(call.console_type) from None
    except (KeyError, TypeError, ValueError) as error:
        # Not the reply itself: it may hold a token.
        raise exceptions.UnexpectedReply(
            call.host, f'{call.method} answered what is no connect info ({error})'
        ) from None


def _to_wire(context: RequestContext) -> dict[str, Any]:
    """The caller's context, as an administrator.

    The compute host loads the server's missing fields with it, and would not find
    another project's server otherwise.  The caller's identity and request id stay, for
    tracing; the token never travels.
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
    """The console has no port but one that wants TLS."""


def _connect_info(reply: Any) -> ConnectInfo:
    """
    :raises KeyError, TypeError, ValueError: it is none; the text quotes nothing of it
    """
    if not isinstance(reply, dict):
        raise TypeError('not a mapping')
    port, tls_port = _port(reply.get('port')), _port(reply.get('tlsPort'))
    if port is None:
        if tls_port is None:
            raise ValueError('no port')
        raise _OnlyTLS
    path = reply.get('internal_access_path')
    return ConnectInfo(
        host=_text(reply, 'host'),
        port=port,
        tls_port=tls_port,
        internal_access_path=None
        if path is None
        else _text(reply, 'internal_access_path'),
        token=_text(reply, 'token'),
        access_url=_text(reply, 'access_url'),
    )


def _port(value: Any) -> int | None:
    """A port; None where there is none, which libvirt writes as -1."""
    if value in (None, '-1') or (type(value) is int and value == -1):
        return None
    # Nova's drivers have it from XML, and some leave it a text.
    if isinstance(value, str) and re.fullmatch('[0-9]{1,5}', value):
        value = int(value)
    if type(value) is not int or not 0 < value < 2**16:
        raise ValueError('no port')
    return value


def _text(reply: dict[str, Any], key: str) -> str:
    value = reply[key]
    if not (
        isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()
    ):
        raise ValueError(f'{key} is not a text of 1 to {MAX_TEXT} printable characters')
    return value
