# SPDX-License-Identifier: Apache-2.0
"""The checks of admission that wait: the store, the compute host, the target."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from console_ext.proxy.admission.compute import ComputeHosts
from console_ext.proxy.admission.leases import Leases
from console_ext.proxy.admission.limits import Limits, Place, client_key
from console_ext.proxy.admission.rules import Asked
from console_ext.proxy.relay.connector import Connector, Target
from console_ext.store.authorization import Lease


@dataclass(frozen=True, slots=True)
class Admitted:
    """All that a session holds; to be given to :meth:`Admission.leave` when it ends.

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

    async def admit(self, asked: Asked, console_type: str) -> Admitted:
        """
        What is free is checked first, and the store before anything of the server's
        is touched.

        :raises ConsoleExtError: one of ``rules.REFUSALS``; nothing is held then,
            and the token is as good as it was
        """
        place = Place(self._limits)
        try:
            place.take('proxy')
            place.take('client', client_key(asked.client))
            # What is left counts from before the answer: no session lasts too long.
            asked_at = asyncio.get_running_loop().time()
            lease = await self._leases.redeem(asked.token, console_type, asked.client)
            try:
                authorization = lease.authorization
                place.take('server', authorization.server_id)
                place.take('project', authorization.project_id)
                await self._hosts.confirm(authorization)
                target = await self._connector.connect(authorization)
            except asyncio.CancelledError:
                self._leases.withdraw(lease)
                raise
            except BaseException:
                # Whoever is refused may come again at once.
                await self._leases.withdraw(lease)
                raise
        except BaseException:
            place.leave()
            raise
        expires = None if lease.left_s is None else asked_at + lease.left_s
        return Admitted(asked.client, lease, place, target, expires)

    def withdraw(self, admitted: Admitted) -> asyncio.Task[None]:
        """No session has come of it: the token is as good as it was.

        :returns: what may be waited for, and goes on if it is not
        """
        admitted.place.leave()
        return self._leases.withdraw(admitted.lease)

    def leave(self, admitted: Admitted) -> None:
        admitted.place.leave()
        self._leases.release(admitted.lease)
