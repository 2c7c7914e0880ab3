# SPDX-License-Identifier: Apache-2.0
"""The server: RPC methods that console-ext-agent answers instead of nova-compute."""

from __future__ import annotations

import contextlib
import logging
import threading
import uuid
from collections.abc import Collection, Iterator
from typing import Any

import oslo_messaging
from oslo_config import cfg
from oslo_messaging.rpc import dispatcher

from console_ext import access_url, consoles, exceptions
from console_ext.compute.base import Driver
from console_ext.consoles import ConsoleType, Endpoint
from console_ext.printable import printable
from console_ext.rpc import errors, instance, transport
from console_ext.rpc.failures import FirstOfEachKind

LOG = logging.getLogger(__name__)

# The newest minor version of each major that Nova 2026.2 serves.
VERSIONS = ('5.13', '6.5')


class ComputeEndpoint:
    """The console methods of Nova's compute RPC.

    :param version: the newest version that this endpoint supports
    """

    def __init__(self, conf: cfg.ConfigOpts, driver: Driver, version: str):
        self.target = oslo_messaging.Target(version=version)
        self._conf = conf
        self._driver = driver

    @oslo_messaging.expose
    def get_serial_console(
        self, context: dict[str, Any], console_type: str, instance: Any
    ) -> dict[str, Any]:
        # Like Nova's method, ignore the type: Nova's API checks it.
        return self._console('get_serial_console', consoles.SERIAL.type, instance)

    @oslo_messaging.expose
    def get_spice_console(
        self, context: dict[str, Any], console_type: str, instance: Any
    ) -> dict[str, Any]:
        return self._console('get_spice_console', console_type, instance)

    @oslo_messaging.expose
    def get_vnc_console(
        self, context: dict[str, Any], console_type: str, instance: Any
    ) -> dict[str, Any]:
        return self._console('get_vnc_console', console_type, instance)

    @oslo_messaging.expose
    def validate_console_port(
        self, context: dict[str, Any], instance: Any, port: str, console_type: str
    ) -> bool:
        """Whether the server runs on this host and its console has this port.

        :raises InstanceNotFound, InstanceNotReady: the names on the wire
        """
        with _named_as_in_nova():
            known = _known(console_type, consoles.TYPES)
            endpoint = self._endpoint(instance, known)
            ports = {endpoint.port, endpoint.tls_port} - {None}
            return str(port) in map(str, ports)

    def _console(
        self, method: str, console_type: str, primitive: Any
    ) -> dict[str, Any]:
        """The common body of the methods that return consoles.

        :param console_type: any value, as the peer sent it
        """
        with _named_as_in_nova():
            known = _known(console_type, consoles.by_rpc_method(method))
            options = self._conf[known.group]
            if not options.enabled:
                raise exceptions.ConsoleTypeUnavailable(known.type)
            endpoint = self._endpoint(primitive, known)
            return _connect_info(endpoint, known, options[known.base_url])

    def _endpoint(self, primitive: Any, console_type: ConsoleType) -> Endpoint:
        server_id = instance.uuid_of(primitive)
        try:
            return self._driver.endpoint(server_id, console_type)
        except exceptions.ServerNotFound:
            if instance.vm_state_of(primitive) == 'building':
                raise exceptions.ServerNotReady(server_id) from None
            raise


class BaseEndpoint:
    """The methods that every service of Nova has."""

    target = oslo_messaging.Target(
        namespace=transport.BASE_NAMESPACE, version=transport.BASE_VERSION
    )

    @oslo_messaging.expose
    def ping(self, context: dict[str, Any], arg: Any) -> dict[str, Any]:
        """Confirm that the service is running."""
        return {'service': transport.TOPIC, 'arg': arg}


class ComputeServer:
    """Answers for one compute host on the bus, from :meth:`start` to :meth:`stop`.

    :raises ConfigurationError: ``transport_url`` cannot be used
    """

    # The longest time that a stop takes.
    STOP_S = 4.0

    def __init__(self, conf: cfg.ConfigOpts, driver: Driver):
        transport.check(conf)
        self._failures = FirstOfEachKind()
        self._transport = transport.connect(conf)
        self._server = oslo_messaging.get_rpc_server(
            self._transport,
            oslo_messaging.Target(topic=transport.TOPIC, server=conf.host),
            [
                BaseEndpoint(),
                *(ComputeEndpoint(conf, driver, version) for version in VERSIONS),
            ],
            access_policy=dispatcher.ExplicitRPCAccessPolicy,
        )

    def start(self) -> None:
        """Connect to the broker, then take calls in threads of oslo.messaging."""
        self._failures.install()
        self._server.start()

    def stop(self) -> None:
        """Finish the current calls and close the connections, within ``STOP_S``.

        If the broker does not answer, a daemon thread is left waiting for it.
        """
        stopping = threading.Thread(target=self._stop, name='rpc-stop', daemon=True)
        stopping.start()
        stopping.join(self.STOP_S)
        self._failures.remove()
        if stopping.is_alive():
            LOG.warning(
                'The message bus does not answer; stopping without closing the '
                'connections'
            )

    def _stop(self) -> None:
        self._server.stop()
        self._server.wait()
        self._transport.cleanup()


@contextlib.contextmanager
def _named_as_in_nova() -> Iterator[None]:
    """Send an expected error under Nova's name, and log it without a traceback."""
    try:
        yield
    except exceptions.ConsoleError as error:
        LOG.info('Refused: %s', printable(error))
        try:
            raise errors.to_wire(error) from None
        except Exception:
            # ExpectedException wraps the exception that is being handled.
            raise oslo_messaging.ExpectedException from None


def _known(name: str, types: Collection[ConsoleType]) -> ConsoleType:
    """
    :raises InvalidConsoleType: the name is not one of these types
    """
    known = consoles.by_type(name)
    if known is None or known not in types:
        raise exceptions.InvalidConsoleType(name)
    return known


def _connect_info(
    endpoint: Endpoint, console_type: ConsoleType, base_url: str
) -> dict[str, Any]:
    # A uuid4 has 122 bits of os.urandom, and is the format that Nova's clients expect.
    token = str(uuid.uuid4())
    return {
        'host': endpoint.host,
        'port': endpoint.port,
        **({'tlsPort': endpoint.tls_port} if console_type.tls else {}),
        'internal_access_path': endpoint.internal_access_path,
        'token': token,
        'access_url': access_url.build(base_url, console_type, token),
    }
