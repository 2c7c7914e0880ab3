# SPDX-License-Identifier: Apache-2.0
"""The checks of admission that wait: the store, the compute host, the target."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from console_ext.proxy.admission.compute import ComputeHosts
from console_ext.proxy.admission.leases import Grants
from console_ext.proxy.admission.limits import Limits, Place, client_key
from console_ext.proxy.admission.rules import Asked
from console_ext.proxy.relay.connector import Connector, Target
from console_ext.store.authorization import Grant


@dataclass(frozen=True, slots=True)
class Admitted:
    """All that a session holds; to be given to :meth:`Gate.leave` when it ends.

    :param expires: when the session is to end, by the event loop's clock; None is never
    """

    client: str
    grant: Grant
    place: Place
    target: Target
    expires: float | None = None


class Gate:
    def __init__(
        self,
        grants: Grants,
        limits: Limits,
        hosts: ComputeHosts,
        connector: Connector,
    ):
        self._grants = grants
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
            grant = await self._grants.redeem(asked.token, console_type, asked.client)
            try:
                authorization = grant.authorization
                place.take('server', authorization.server_id)
                place.take('project', authorization.project_id)
                await self._hosts.confirm(authorization)
                target = await self._connector.connect(authorization)
            except asyncio.CancelledError:
                self._grants.withdraw(grant)
                raise
            except BaseException:
                # Whoever is refused may come again at once.
                await self._grants.withdraw(grant)
                raise
        except BaseException:
            place.leave()
            raise
        expires = None if grant.left_s is None else asked_at + grant.left_s
        return Admitted(asked.client, grant, place, target, expires)

    def withdraw(self, admitted: Admitted) -> asyncio.Task[None]:
        """No session has come of it: the token is as good as it was.

        :returns: what may be waited for, and goes on if it is not
        """
        admitted.place.leave()
        return self._grants.withdraw(admitted.grant)

    def leave(self, admitted: Admitted) -> None:
        admitted.place.leave()
        self._grants.release(admitted.grant)
