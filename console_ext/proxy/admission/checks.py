# SPDX-License-Identifier: Apache-2.0
"""The checks of admission that wait: the store, the compute host, the target."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from functools import partial
from types import TracebackType

from console_ext.proxy.admission.compute import ComputeHosts
from console_ext.proxy.admission.leases import Leases
from console_ext.proxy.admission.limits import Limits, Place, client_key
from console_ext.proxy.admission.rules import Asked
from console_ext.proxy.relay.connector import Connector, Target
from console_ext.proxy.relay.consoles import Consoles
from console_ext.store.authorization import Lease


@dataclass(frozen=True, slots=True)
class Admitted:
    """All that a session holds, until :meth:`Admission.end`.

    :param expires: when the session is to end, by the event loop's clock; None is never
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
        asked: Asked,
        console_type: str,
        consoles: Consoles,
        held: contextlib.AsyncExitStack,
    ) -> Admitted:
        """
        What is free is checked first, and the store before anything of the server's
        is touched.

        :param consoles: of that type
        :param held: gives back what is taken, unless a session takes it over; the
            token can be redeemed again then
        :raises ConsoleExtError: one of ``rules.REFUSALS``
        """
        place = Place(self._limits)
        held.callback(place.leave)
        place.take('proxy')
        place.take('client', client_key(asked.client))
        # What is left counts from before the answer: no session lasts too long.
        asked_at = asyncio.get_running_loop().time()
        lease = await self._leases.redeem(asked.token, console_type, asked.client)
        held.push_async_exit(partial(self._withdraw, lease))
        authorization = lease.authorization
        place.take('server', authorization.server_id)
        place.take('project', authorization.project_id)
        await self._hosts.confirm(authorization)
        target = await self._connector.connect(
            authorization, consoles.port(authorization)
        )
        expires = None if lease.left_s is None else asked_at + lease.left_s
        return Admitted(asked.client, lease, place, target, expires)

    def end(self, admitted: Admitted) -> None:
        """Give back what a session has held."""
        admitted.place.leave()
        self._leases.release(admitted.lease)

    async def _withdraw(
        self,
        lease: Lease,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Make the token redeemable again: no session has come of the lease."""
        withdrawing = self._leases.withdraw(lease)
        # A client that is refused may come again at once; one that has left does not.
        if isinstance(error, Exception):
            await withdrawing
