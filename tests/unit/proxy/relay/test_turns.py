# SPDX-License-Identifier: Apache-2.0
"""The queue of clients."""

from __future__ import annotations

import asyncio

from console_ext.proxy.relay.turns import Turns


class Client:
    """Needs a number of turns, and records each."""

    def __init__(self, name, turns, noted, needed):
        self._name, self._turns, self._noted = name, turns, noted
        self._needed = needed

    def turn(self):
        self._noted.append(self._name)
        self._needed -= 1
        if self._needed:
            self._turns.wait(self)
        if self._name == 'broken':
            raise ValueError


def noted(needed: dict[str, int], leaving: str | None = None) -> list[str]:
    """Return who had a turn, and each iteration of the event loop."""

    async def run():
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        turns = Turns()
        said: list[str] = []
        clients = {
            name: Client(name, turns, said, count) for name, count in needed.items()
        }
        for client in clients.values():
            turns.wait(client)
            turns.wait(client)
        if leaving is not None:
            turns.leave(clients[leaving])
        while len(turns):
            said.append('|')
            await asyncio.sleep(0)
        return said

    return asyncio.run(run())


def test_one_after_the_other():
    """There is one turn in each iteration; a client that needs more queues again."""
    assert ''.join(noted({'a': 3, 'b': 1, 'c': 2})) == '|a|b|c|a|c|a'


def test_one_that_leaves():
    assert ''.join(noted({'a': 2, 'b': 2}, leaving='a')) == '|b|b'


def test_one_that_fails():
    """The others continue."""
    assert noted({'broken': 1, 'a': 2}) == ['|', 'broken', '|', 'a', '|', 'a']
