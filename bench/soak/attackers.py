# SPDX-License-Identifier: Apache-2.0
"""Clients that disturb: ``python -m bench.soak.attackers NAME PLAN``."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import random
import sys
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from bench.proxy.websocket import frame
from bench.soak.attack import Attack
from bench.soak.connection import Door
from bench.soak.generator import READY, Plan, Until, run

_MOST_TURNS = 100_000

_BLOCK_BYTES = 65536
_MASK = bytes(4)
# Empty or tiny frames.
_TINY = {
    'empty': b'\x82\x80' + _MASK,
    'one byte': frame(b'x'),
    'ping': b'\x89\x80' + _MASK,
    'fragment': b'\x00\x80' + _MASK,
}
# The first fragment of the message that the other frames continue.
_FIRST_FRAGMENT = b'\x02\x80' + _MASK

_UNFINISHED_BYTES = 2**20
_HELD_BACK = 1024

# About [console_proxy] handshake_timeout.
_SPREAD_S = 10.0

# The first bytes of TLS and HTTP clients.
_BEGINNINGS = (b'', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', b'GET /?to', b'\r')


async def ask_for_dead_host(attack: Attack, number: int) -> None:
    """Request a console, and again ten seconds after each refusal (``Retry-After``)."""
    token = attack.token()
    async for _ in attack.until.turns(10, _MOST_TURNS):
        try:
            (await attack.open(number, token, number // 10)).close()
        except ConnectionError as error:
            if error.args == (401,):
                token = attack.token()


async def flood(attack: Attack, number: int) -> None:
    """Send tiny frames as fast as the proxy accepts them."""
    kind, tiny = list(_TINY.items())[number % len(_TINY)]
    count = _BLOCK_BYTES // len(tiny)
    block = tiny * count
    async for _ in attack.until.turns(1, _MOST_TURNS):
        with contextlib.suppress(ConnectionError):
            connection = await attack.open(number, attack.token(), number)
            if kind == 'fragment':
                connection.send(_FIRST_FRAGMENT)
            while not attack.until.over and not connection.closed.is_set():
                connection.send(block)
                attack.tally[f'{kind} frames'] += count
                await connection.room()
                # Yields to the other clients of this process.
                await asyncio.sleep(0)
            connection.close()


async def leave_frame_unfinished(attack: Attack, number: int) -> None:
    """Send a long frame without its end, and then the end byte by byte."""
    long = frame(bytes(_UNFINISHED_BYTES))[:-_HELD_BACK]
    async for _ in attack.until.turns(5, _MOST_TURNS):
        with contextlib.suppress(ConnectionError):
            connection = await attack.open(number, attack.token(), number // 10)
            for start in range(0, len(long), _BLOCK_BYTES):
                connection.send(long[start : start + _BLOCK_BYTES])
                await connection.room()
            attack.tally['unfinished frames'] += 1
            async for _ in attack.until.turns(10, _HELD_BACK - 1):
                if connection.closed.is_set():
                    attack.tally['ended by the proxy'] += 1
                    break
                connection.send(b'\0')
            connection.close()


async def say_nothing(attack: Attack, number: int) -> None:
    """Connect, send nothing or an incomplete request, and wait."""
    # Also to a TLS listener, without TLS.
    door = Door(attack.doors[number % 2].port)
    beginning = _BEGINNINGS[number // 2 % len(_BEGINNINGS)]
    # A random delay, so that the connections do not end and restart all at once.
    await attack.until.pause(random.uniform(0, _SPREAD_S))
    async for _ in attack.until.turns(1, _MOST_TURNS):
        connection = await attack.dial(door, number // 20)
        if connection is not None:
            attack.tally['silent connections'] += 1
            connection.send(beginning)
            while not attack.until.over and not connection.closed.is_set():
                await attack.until.pause(1)
            connection.close()


async def guess(attack: Attack, number: int) -> None:
    """Try invented tokens, five per second."""
    async for _ in attack.until.turns(0.2, _MOST_TURNS):
        with contextlib.suppress(ConnectionError):
            (await attack.open(number, str(uuid.uuid4()), number)).close()


async def leave_while_opening(attack: Attack, number: int) -> None:
    """Request a console and disconnect before it opens, with FIN or RST."""
    async for turn in attack.until.turns(1, _MOST_TURNS):
        connection = await attack.dial(attack.door(number), number)
        if connection is not None:
            connection.ask(attack.token())
            await asyncio.sleep(random.uniform(0, 0.03))
            attack.tally['left before the answer'] += not connection.answer.done()
            if turn % 2:
                connection.reset()
            else:
                connection.close()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of disturbance.

    :param tokens: the number of tokens that a client needs at first
    :param tokens_per_s: the number of additional tokens per second
    :param of_dead_host: whether the tokens are for consoles of the dead host
    """

    client: Callable[[Attack, int], Awaitable[None]]
    clients: int
    tokens: int = 0
    tokens_per_s: float = 0.0
    of_dead_host: bool = False

    def all_tokens(self, seconds: float) -> int:
        return self.clients * (self.tokens + int(self.tokens_per_s * seconds))


# In the order of their start: the last one prevents other clients from opening
# consoles.
KINDS = {
    'floods': Kind(flood, 4, 1, 1.0),
    'unfinished-frames': Kind(leave_frame_unfinished, 150, 1, 0.1),
    'silent-connections': Kind(say_nothing, 1000),
    'bogus-tokens': Kind(guess, 10),
    'leaving-clients': Kind(leave_while_opening, 10, 1, 1.0),
    'dead-host': Kind(ask_for_dead_host, 300, 1, 0.01, of_dead_host=True),
}


async def work(kind: Kind, plan: Plan, until: Until) -> None:
    attack = Attack(plan, until)
    # Spread over a second, because a burst of connections would be another disturbance.
    clients = []
    for number in range(kind.clients):
        clients.append(asyncio.ensure_future(kind.client(attack, number)))
        await until.pause(1 / kind.clients)
    print(READY, flush=True)
    while not until.over and not all(one.done() for one in clients):
        await until.pause(1)
    for client in clients:
        client.cancel()
    for end in await asyncio.gather(*clients, return_exceptions=True):
        if isinstance(end, Exception):
            attack.tally[repr(end)] += 1
    Path(plan.result).write_text(json.dumps(attack.tally))


if __name__ == '__main__':
    run(Plan.read(sys.argv[2]), functools.partial(work, KINDS[sys.argv[1]]))
