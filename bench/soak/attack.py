# SPDX-License-Identifier: Apache-2.0
"""The base of the clients of a disturbance."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter

from bench.soak.connection import Connection, Door, address
from bench.soak.generator import Plan, Until

_OPEN_S = 60.0

# One client in this many uses the second listener.
_SECOND_DOOR = 4


class Attack:
    """
    :ivar tally: counts of events
    """

    def __init__(self, plan: Plan, until: Until):
        self.until = until
        self.tally: Counter[str] = Counter()
        self.doors = plan.open_doors()
        self._network = plan.network
        self._tokens = iter(plan.tokens)

    def door(self, number: int) -> Door:
        return self.doors[number % _SECOND_DOOR == _SECOND_DOOR - 1]

    def token(self) -> str:
        """Return a new token, or an invalid one if there are no more."""
        return next(self._tokens, None) or str(uuid.uuid4())

    async def dial(self, door: Door, number: int) -> Connection | None:
        try:
            async with asyncio.timeout(_OPEN_S):
                return await Connection.dial(door, address(self._network, number))
        except (OSError, TimeoutError) as error:
            self.tally[type(error).__name__] += 1
            return None

    async def open(self, number: int, token: str, source: int) -> Connection:
        """Request a console and wait for the response.

        :raises ConnectionError: there is no response, or the console is refused
        """
        connection = await self.dial(self.door(number), source)
        if connection is None:
            raise ConnectionError
        try:
            async with asyncio.timeout(_OPEN_S):
                connection.ask(token)
                status = await connection.answer
        except TimeoutError:
            connection.close()
            self.tally['no answer'] += 1
            raise ConnectionError from None
        self.tally[str(status)] += 1
        if status != 101:
            connection.close()
            raise ConnectionError(status)
        return connection
