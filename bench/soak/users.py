# SPDX-License-Identifier: Apache-2.0
"""Well-behaved users: ``python -m bench.soak.users PLAN``.

Each user has a session and types a key every few seconds.  A missing echo does not
delay the next key, so that a stall counts for every key in it.  Some users disconnect
and reconnect, and others open a console, type once and leave.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import time
from pathlib import Path

from bench.soak.connection import address
from bench.soak.console import Console
from bench.soak.generator import READY, Plan, Until, run
from bench.soak.samples import Key, Loss, Opening, Samples

OPEN_S = 30.0
ECHO_S = 30.0

_AT_ONCE = 25
# The share of sessions that may be between disconnecting and reconnecting.
_AWAY = 0.1
# One session in this many uses the second listener.
_SECOND_DOOR = 10

_KEYS = b'abcdefghijklmnopqrstuvwxyz'


class Users:
    def __init__(self, plan: Plan, until: Until):
        self.samples = Samples()
        self._plan = plan
        self._until = until
        self._doors = plan.open_doors()
        self._tokens = iter(plan.tokens)
        self._loop = asyncio.get_running_loop()
        # None while the user is opening the session.
        self._sessions: dict[int, Console | None] = {}
        self._absent: set[int] = set(range(plan.sessions))
        self._visitors = itertools.count(plan.sessions)
        self._tasks: set[asyncio.Task[None]] = set()
        self._typing = True

    async def open_all(self) -> None:
        """Open the sessions, a few at a time; failed ones are opened later."""

        async def opener() -> None:
            while numbers:
                await self._come(numbers.pop())

        numbers = list(self._absent)
        await asyncio.gather(*(opener() for _ in range(_AT_ONCE)))

    async def go_on(self) -> None:
        """Use the sessions and open others, until the end of the plan."""
        per_s = self._plan.openings_per_s
        async for turn in self._until.turns(1 / per_s, len(self._plan.tokens)):
            task = self._loop.create_task(
                self._come_back() if turn % 2 else self._visit()
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait for the last echoes, and record the missing ones."""
        self._typing = False
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=OPEN_S)
        open_now = [one for one in self._sessions.values() if one is not None]
        waits = [self._loop.create_task(one.quiet()) for one in open_now]
        if waits:
            _, late = await asyncio.wait(waits, timeout=ECHO_S)
            for wait in late:
                wait.cancel()
        for one in open_now:
            unanswered = one.unanswered()
            if one.is_open and unanswered:
                self.samples.keys += unanswered
                self.lost(one, 'no echo')
            one.hang_up()

    def echoed(self, key: Key) -> None:
        self.samples.keys.append(key)

    def lost(self, console: Console, why: str) -> None:
        self.samples.losses.append(Loss(time.monotonic(), why))
        for number, one in self._sessions.items():
            if one is console:
                del self._sessions[number]
                self._absent.add(number)
                return

    async def _come_back(self) -> None:
        """Disconnect and reconnect; users without a session are first."""
        if not self._absent:
            here = [one for one, console in self._sessions.items() if console]
            away = self._plan.sessions - len(here)
            if not here or away > _AWAY * self._plan.sessions:
                return
            number = random.choice(here)
            console = self._sessions.pop(number)
            assert console is not None
            console.hang_up()
            self._absent.add(number)
        await self._come(random.choice(list(self._absent)))

    async def _come(self, number: int) -> None:
        self._absent.discard(number)
        self._sessions[number] = None
        console = await self._open(number)
        if console is None:
            del self._sessions[number]
            self._absent.add(number)
            return
        self._sessions[number] = console
        console.begin(self)
        # Random, so that not all sessions type at the same time.
        self._loop.call_later(
            random.uniform(0, self._plan.key_every_s), self._type, console
        )

    async def _visit(self) -> None:
        """Open a console, type once and leave."""
        console = await self._open(next(self._visitors))
        if console is None:
            return
        console.begin(self)
        console.type(random.choice(_KEYS))
        try:
            async with asyncio.timeout(ECHO_S):
                await console.quiet()
        except TimeoutError:
            self.samples.keys += console.unanswered()
            self.lost(console, 'no echo')
        console.hang_up()

    async def _open(self, number: int) -> Console | None:
        door = self._doors[number % _SECOND_DOOR == 0]
        # A new token each time, like a user who requests a new URL.
        token = next(self._tokens, None)
        if token is None:
            return None
        console = None
        status = 0
        began = time.monotonic()
        try:
            async with asyncio.timeout(OPEN_S):
                source = address(self._plan.network, number)
                console = await Console.dial(door, source)
                console.ask(token)
                status = await console.answer
        except (OSError, TimeoutError):
            pass
        self.samples.openings.append(Opening(began, time.monotonic() - began, status))
        if status != 101 and console is not None:
            console.close()
        return console if status == 101 else None

    def _type(self, console: Console) -> None:
        if self._typing and console.is_open:
            console.type(random.choice(_KEYS))
            self._loop.call_later(self._plan.key_every_s, self._type, console)


async def work(plan: Plan, until: Until) -> None:
    users = Users(plan, until)
    await users.open_all()
    print(READY, flush=True)
    await users.go_on()
    await users.finish()
    users.samples.write(Path(plan.result))


if __name__ == '__main__':
    run(Plan.read(sys.argv[1]), work)
