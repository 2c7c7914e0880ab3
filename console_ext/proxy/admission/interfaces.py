# SPDX-License-Identifier: Apache-2.0
"""Whom the proxy asks: who may open a console, and whether it is still there.

The store is asked in threads, so its methods may block.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent import futures
from typing import Protocol

from console_ext.context import RequestContext
from console_ext.rpc.instance import Instance
from console_ext.store.authorization import Lease


class Store(Protocol):
    """The store of authorizations, as ``store.store.Store`` is one."""

    def redeem(self, token: str, console_type: str, client_address: str) -> Lease:
        """Let a socket in; may take for ever, so whoever waits needs a deadline.

        :raises TokenRefused: with the reason
        :raises StoreUnavailable:
        """

    def withdraw(self, lease: Lease) -> None:
        """Undo a redeem that opened nothing: the token can be redeemed again.

        :raises StoreUnavailable:
        """

    def release(self, leases: Collection[Lease]) -> None:
        """End the sessions that hold these leases.

        :raises StoreUnavailable:
        """

    def keep(self, leases: Collection[Lease]) -> Collection[Lease]:
        """Report the sessions that live; asked every few seconds.

        :returns: those of them that were revoked or lost, and are to be closed
        :raises StoreUnavailable:
        """

    def purge(self) -> int:
        """Delete what nobody needs any more; may take minutes, and is asked rarely.

        :returns: how many authorizations
        :raises StoreUnavailable:
        """


class PortCheck(Protocol):
    """The compute hosts, as ``rpc.client.ComputeClient`` asks them."""

    def validate_console_port(
        self,
        context: RequestContext,
        host: str,
        server: Instance,
        console_type: str,
        port: int,
        bus_url: str | None = None,
    ) -> futures.Future[bool]:
        """Return at once.

        :param bus_url: of the message bus that the host is on; None for the configured
        :returns: the answer to come, which may be a :exc:`ConsoleError` (the server is
            not there, or not running), a :exc:`ComputeUnavailable` (the host cannot be
            asked now) or an :exc:`UnexpectedReply`
        :raises ComputeUnavailable: the host is known to be unavailable
        """
