# SPDX-License-Identifier: Apache-2.0
"""The asking half: where is this server's console?"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import oslo_messaging
from oslo_config import cfg

from console_ext import exceptions
from console_ext.context import RequestContext
from console_ext.rpc import errors, instance
from console_ext.rpc.bus import Bus, Buses
from console_ext.threads import Busy, Threads

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


class ComputeClient:
    """Calls compute hosts, ours or Nova's.

    Connects at the first call, so that a server may fork before.  Where the last call
    was answered, a call is made at once: oslo.messaging's own timeout bounds the wait
    for its reply, and one attempt to connect what comes before.  Else a thread makes it
    that is left behind after ``[console_rpc] timeout``, because oslo.messaging blocks
    without bound while a broker is away.  There are ``[console_rpc]
    max_concurrent_calls`` of either.
    """

    # A broker that restarts forgets the queues of hosts, until these have found it
    # again.  For so long a queue that was there before is asked for again.
    QUEUE_GRACE_S = 5.0
    QUEUE_RETRY_S = 0.25

    MARGIN_S = 0.25

    def __init__(self, conf: cfg.ConfigOpts):
        self._timeout_s = conf.console_rpc.timeout
        most = conf.console_rpc.max_concurrent_calls
        self._places = threading.BoundedSemaphore(most)
        self._threads = Threads(most, 'console-rpc')
        self._buses = Buses(conf)

    def get_serial_console(
        self,
        context: RequestContext,
        host: str,
        server: dict[str, Any],
        console_type: str,
        bus_url: str | None = None,
    ) -> ConnectInfo:
        """
        :param server: an instance primitive
        :param bus_url: of the message bus that the host is on, oslo.messaging's; None
            for the configured one
        :raises ConsoleError: the host says why there is no console
        :raises ComputeUnavailable: it cannot be asked now
        :raises UnexpectedReply: the answer is outside the contract
        """
        return self._get_console(
            context, host, 'get_serial_console', server, console_type, bus_url
        )

    def get_spice_console(
        self,
        context: RequestContext,
        host: str,
        server: dict[str, Any],
        console_type: str,
        bus_url: str | None = None,
    ) -> ConnectInfo:
        """Parameters and exceptions are those of :meth:`get_serial_console`."""
        return self._get_console(
            context, host, 'get_spice_console', server, console_type, bus_url
        )

    def validate_console_port(
        self,
        context: RequestContext,
        host: str,
        server: dict[str, Any],
        console_type: str,
        port: int,
        bus_url: str | None = None,
    ) -> bool:
        """Whether the host still has that console of that server on that port.

        :raises: as :meth:`get_serial_console`
        """
        reply = self._call(
            context,
            host,
            'validate_console_port',
            server,
            console_type,
            bus_url,
            # Nova compares it with a string.
            port=str(port),
        )
        return reply is True

    def close(self) -> None:
        """Drop the connections, if there are any."""
        self._buses.close()

    def _get_console(
        self,
        context: RequestContext,
        host: str,
        method: str,
        server: dict[str, Any],
        console_type: str,
        bus_url: str | None,
    ) -> ConnectInfo:
        reply = self._call(context, host, method, server, console_type, bus_url)
        try:
            return _connect_info(reply)
        except (KeyError, TypeError, ValueError) as error:
            # Not the reply itself: it may hold a token.
            raise exceptions.UnexpectedReply(
                host, f'{method} answered what is no connect info ({error})'
            ) from None

    def _call(
        self,
        context: RequestContext,
        host: str,
        method: str,
        server: dict[str, Any],
        console_type: str,
        bus_url: str | None,
        **more: Any,
    ) -> Any:
        bus = self._buses.get(bus_url)
        asked = (instance.uuid_of(server), console_type, method)
        args = {'console_type': console_type, 'instance': server, **more}
        deadline = time.monotonic() + self._timeout_s

        def call(retry: int) -> Any:
            return self._call_host(bus, context, host, method, args, deadline, retry)

        try:
            reply = self._in_time(bus, call, deadline)
        except Busy:
            raise exceptions.TooManyCalls from None
        except oslo_messaging.RemoteError as error:
            bus.answered(host)
            raise _remote(error.exc_type, host, asked) from None
        except oslo_messaging.MessageUndeliverable:
            raise exceptions.HostUnreachable(host) from None
        except (oslo_messaging.MessagingTimeout, TimeoutError):
            bus.failed()
            raise exceptions.HostUnreachable(host) from None
        except exceptions.ConsoleExtError:
            raise
        except Exception as error:
            name = type(error).__name__
            if errors.is_of_the_bus(error):
                bus.failed()
                LOG.warning('The message bus failed: %s', name)
                raise exceptions.BusUnreachable from None
            bus.answered(host)
            raise _remote(name, host, asked) from None
        bus.answered(host)
        return reply

    def _in_time(self, bus: Bus, call: Callable[[int], Any], deadline: float) -> Any:
        """
        :param call: takes how often to connect again to publish its message
        :raises Busy: too many calls are under way
        :raises TimeoutError: the call was left behind
        """
        if bus.is_well():
            try:
                return self._at_once(lambda: call(0), deadline)
            except Exception as error:
                # A host's own OSError looks like one of the bus, and its call was made.
                if isinstance(error, OSError) or not errors.is_of_the_bus(error):
                    raise
                # The broker has restarted since, or is away.
                bus.failed()
        if not bus.listens(deadline):
            bus.failed()
            raise exceptions.BusUnreachable
        # The library's own timeout comes first where it works.
        return self._threads.run(lambda: call(1), deadline + self.MARGIN_S)

    def _at_once(self, call: Callable[[], Any], deadline: float) -> Any:
        if not self._places.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise Busy
        try:
            return call()
        finally:
            self._places.release()

    def _call_host(
        self,
        bus: Bus,
        context: RequestContext,
        host: str,
        method: str,
        args: dict[str, Any],
        deadline: float,
        retry: int,
    ) -> Any:
        patience = bus.last_failure + self.QUEUE_GRACE_S
        if bus.knows(host):
            patience = time.monotonic() + self.QUEUE_GRACE_S
        while True:
            left = max(0.01, deadline - time.monotonic())
            caller = bus.connect().prepare(server=host, timeout=left, retry=retry)
            try:
                return caller.call(_to_wire(context), method, **args)
            except oslo_messaging.MessageUndeliverable:
                if time.monotonic() + self.QUEUE_RETRY_S > min(patience, deadline):
                    raise
            time.sleep(self.QUEUE_RETRY_S)


def _remote(name: str, host: str, asked: errors.Asked) -> exceptions.ConsoleExtError:
    return errors.from_wire(name, asked) or exceptions.UnexpectedReply(
        host, f'{asked[2]} failed with {name}'
    )


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


def _connect_info(reply: Any) -> ConnectInfo:
    if not isinstance(reply, dict):
        raise TypeError('not a mapping')
    tls_port = reply.get('tlsPort')
    path = reply.get('internal_access_path')
    return ConnectInfo(
        host=_text(reply, 'host'),
        port=_port(reply['port']),
        tls_port=None if tls_port is None else _port(tls_port),
        internal_access_path=None
        if path is None
        else _text(reply, 'internal_access_path'),
        token=_text(reply, 'token'),
        access_url=_text(reply, 'access_url'),
    )


def _port(value: Any) -> int:
    # Nova's drivers have it from XML, and some leave it a text.
    if isinstance(value, str) and re.fullmatch('[0-9]{1,5}', value):
        value = int(value)
    if type(value) is not int or not 0 < value < 2**16:
        raise ValueError('no port')
    return value


def _text(reply: dict[str, Any], key: str) -> str:
    value = reply[key]
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT:
        raise ValueError(f'{key} is not a text of 1 to {MAX_TEXT} characters')
    return value
