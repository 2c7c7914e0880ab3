# SPDX-License-Identifier: Apache-2.0
"""The answering half: what console-ext-agent serves in a nova-compute's place."""

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

    :param version: the newest version that this endpoint answers to
    """

    def __init__(self, conf: cfg.ConfigOpts, driver: Driver, version: str):
        self.target = oslo_messaging.Target(version=version)
        self._conf = conf
        self._driver = driver

    @oslo_messaging.expose
    def get_serial_console(
        self, context: dict[str, Any], console_type: str, instance: Any
    ) -> dict[str, Any]:
        # Nova's does not look at the type: only its API does.
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
        """Whether the server is here, running, and its console on that port.

        :raises InstanceNotFound, InstanceNotReady: by these names, on the wire
        """
        with _named_as_in_nova():
            known = _known(console_type, consoles.TYPES)
            endpoint = self._endpoint(instance, known)
            ports = {endpoint.port, endpoint.tls_port} - {None}
            return str(port) in map(str, ports)

    def _console(
        self, method: str, console_type: str, primitive: Any
    ) -> dict[str, Any]:
        """The body of each method that gives consoles.

        :param console_type: any value that a peer sent
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
    """What every service of Nova answers."""

    target = oslo_messaging.Target(
        namespace=transport.BASE_NAMESPACE, version=transport.BASE_VERSION
    )

    @oslo_messaging.expose
    def ping(self, context: dict[str, Any], arg: Any) -> dict[str, Any]:
        """That somebody is here."""
        return {'service': transport.TOPIC, 'arg': arg}


class ComputeServer:
    """Answers for one compute host on the bus, from :meth:`start` to :meth:`stop`.

    :raises ConfigurationError: ``transport_url`` cannot be used
    """

    # What a stop takes at the most.
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
        """Take calls, in threads of oslo.messaging's own; waits for the broker."""
        self._failures.install()
        self._server.start()

    def stop(self) -> None:
        """Finish the calls under way and drop the connections, within ``STOP_S``.

        A broker that does not answer is left behind in a daemon thread.
        """
        stopping = threading.Thread(target=self._stop, name='rpc-stop', daemon=True)
        stopping.start()
        stopping.join(self.STOP_S)
        self._failures.remove()
        if stopping.is_alive():
            LOG.warning('Leaving connections of the bus that do not close in time')

    def _stop(self) -> None:
        self._server.stop()
        self._server.wait()
        self._transport.cleanup()


@contextlib.contextmanager
def _named_as_in_nova() -> Iterator[None]:
    """Send an expected error by its name in Nova, without a traceback in our log."""
    try:
        yield
    except exceptions.ConsoleError as error:
        LOG.info('Refused: %s', printable(error))
        try:
            raise errors.to_wire(error) from None
        except Exception:
            # It takes the exception that is being handled.
            raise oslo_messaging.ExpectedException from None


def _known(name: str, types: Collection[ConsoleType]) -> ConsoleType:
    """
    :raises InvalidConsoleType: it is none of these types
    """
    known = consoles.by_type(name)
    if known is None or known not in types:
        raise exceptions.InvalidConsoleType(name)
    return known


def _connect_info(
    endpoint: Endpoint, console_type: ConsoleType, base_url: str
) -> dict[str, Any]:
    # uuid4 is 122 bits of os.urandom, and what Nova's clients expect to see.
    token = str(uuid.uuid4())
    return {
        'host': endpoint.host,
        'port': endpoint.port,
        **({'tlsPort': endpoint.tls_port} if console_type.tls else {}),
        'internal_access_path': endpoint.internal_access_path,
        'token': token,
        'access_url': access_url.build(base_url, console_type.type, token),
    }
