# SPDX-License-Identifier: Apache-2.0
"""The interfaces of the store and the compute hosts that the proxy uses.

The proxy calls the store in threads, so its methods may block.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent import futures
from typing import Protocol

from console_ext.context import RequestContext
from console_ext.rpc.instance import Instance
from console_ext.store.authorization import Lease, Loss


class Store(Protocol):
    """The store of authorizations; ``store.store.Store`` implements it."""

    def redeem(
        self,
        token: str,
        console_type: str,
        client_address: str,
        *,
        rejoinable: bool = False,
    ) -> Lease:
        """Let a socket in.  There is no timeout: callers need a deadline of their own.

        :param rejoinable: whether the client takes a key that opens the session again
        :raises TokenRefused: the token is invalid
        :raises StoreUnavailable:
        """

    def rejoin(self, key: str, console_type: str, client_address: str) -> Lease:
        """Let a socket in, in place of all others of its session.

        There is no timeout.

        :raises RejoinRefused: the key is invalid
        :raises StoreUnavailable:
        """

    def withdraw(self, lease: Lease) -> None:
        """Undo a redeem or rejoin whose socket was not opened.

        :raises StoreUnavailable:
        """

    def release(self, leases: Collection[Lease]) -> None:
        """Record that the sockets of these leases have closed.

        :raises StoreUnavailable:
        """

    def keep(self, leases: Collection[Lease]) -> Mapping[Lease, Loss]:
        """Renew the leases of open sockets; called every few seconds.

        :returns: the leases whose sockets must be closed
        :raises StoreUnavailable:
        """

    def purge(self) -> int:
        """Delete old authorizations; called rarely, and may take minutes.

        :returns: the number of authorizations
        :raises StoreUnavailable:
        """


class PortCheck(Protocol):
    """Calls to compute hosts; ``rpc.client.ComputeClient`` implements it."""

    def validate_console_port(
        self,
        context: RequestContext,
        host: str,
        server: Instance,
        console_type: str,
        port: int,
        bus_url: str | None = None,
    ) -> futures.Future[bool]:
        """Start a call and return immediately.

        :param bus_url: the URL of the host's message bus; None for the configured bus
        :returns: the future answer.  Its exceptions are :exc:`ConsoleError` (the server
            is not there or not running), :exc:`ComputeUnavailable` (the host cannot be
            reached now) and :exc:`UnexpectedReply`.
        :raises ComputeUnavailable: the host is known to be unavailable
        """
