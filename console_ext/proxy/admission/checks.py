# SPDX-License-Identifier: Apache-2.0
"""The checks that wait: for the store, the compute host and the guest."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from functools import partial
from types import TracebackType

from console_ext.proxy.admission.compute import ComputeHosts
from console_ext.proxy.admission.leases import Leases
from console_ext.proxy.admission.limits import Limits, Place, client_key
from console_ext.proxy.admission.rules import (
    RejoinRequest,
    SessionRequest,
    TokenRequest,
)
from console_ext.proxy.relay.connector import Connector, Target
from console_ext.proxy.relay.consoles import Consoles
from console_ext.store.authorization import Lease


@dataclass(frozen=True, slots=True)
class Admitted:
    """The resources of an admitted session, until :meth:`Admission.end`.

    :param expires: when the session must end, by the event loop's clock; None for never
    """

    client: str
    lease: Lease
    place: Place
    target: Target
    expires: float | None = None


class Admission:
    def __init__(
        self,
        leases: Leases,
        limits: Limits,
        hosts: ComputeHosts,
        connector: Connector,
    ):
        self._leases = leases
        self._limits = limits
        self._hosts = hosts
        self._connector = connector

    async def admit(
        self,
        request: SessionRequest,
        console_type: str,
        consoles: Consoles,
        held: contextlib.AsyncExitStack,
    ) -> Admitted:
        """Make all checks, cheap ones first, and connect to the guest last.

        :param consoles: of that type
        :param held: receives callbacks that release what was acquired and make the
            token or the key valid again; a session that starts takes them over
        :raises ConsoleExtError: one of ``rules.REFUSALS``
        """
        place = Place(self._limits)
        held.callback(place.leave)
        place.take('proxy')
        # The remaining time counts from before the redeem, so that no session lasts
        # too long.
        asked_at = asyncio.get_running_loop().time()
        if isinstance(request, RejoinRequest):
            lease = await self._rejoin(request, console_type, held)
            place.take('client', client_key(request.client))
        else:
            place.take('client', client_key(request.client))
            lease = await self._redeem(request, console_type, held)
        authorization = lease.authorization
        place.take('server', authorization.server_id)
        place.take('project', authorization.project_id)
        await self._hosts.confirm(authorization)
        target = await self._connector.connect(
            authorization, consoles.port(authorization)
        )
        expires = None if lease.left_s is None else asked_at + lease.left_s
        return Admitted(request.client, lease, place, target, expires)

    async def _redeem(
        self, request: TokenRequest, console_type: str, held: contextlib.AsyncExitStack
    ) -> Lease:
        lease = await self._leases.redeem(
            request.token, console_type, request.client, rejoinable=request.rejoinable
        )
        held.push_async_exit(partial(self._withdraw, lease))
        return lease

    async def _rejoin(
        self, request: RejoinRequest, console_type: str, held: contextlib.AsyncExitStack
    ) -> Lease:
        """Open a session again.

        Its previous connection ends now, even if its client is only thought to be
        there: it counts in the limits, and a guest's serial port has one user at a
        time.
        """
        lease = await self._leases.rejoin(request.key, console_type, request.client)
        held.push_async_exit(partial(self._withdraw, lease))
        self._leases.end_replaced(lease)
        return lease

    def make_room(self, admitted: Admitted) -> None:
        """Stop counting a session that is replaced, but for its connection."""
        admitted.place.leave_all_but('proxy')

    def end(self, admitted: Admitted) -> None:
        """Release the resources of a session."""
        admitted.place.leave()
        self._leases.release(admitted.lease)

    async def _withdraw(
        self,
        lease: Lease,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Make the token or the key valid again, because no session has started."""
        withdrawing = self._leases.withdraw(lease)
        # Wait only if the client was refused: it may try again immediately.  A client
        # that has disconnected does not.
        if isinstance(error, Exception):
            # Shielded, because the client may leave now.
            await asyncio.shield(withdrawing)
