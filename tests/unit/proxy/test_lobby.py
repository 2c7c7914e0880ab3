# SPDX-License-Identifier: Apache-2.0
"""The connections that have no session."""

from __future__ import annotations

import asyncio

from console_ext.proxy import lobby
from console_ext.proxy.lobby import Lobby


class Connection:
    def __init__(self, of: Lobby):
        self.ended = ''
        self._lobby = of
        of.wait(self)

    def abort(self):
        self.ended = 'aborted'
        self._lobby.leave(self)

    def stop(self):
        self.ended = 'stopped'


def test_the_oldest_makes_room(monkeypatch):
    """Not the newest, which may mean well."""
    monkeypatch.setattr(lobby, 'MAX_WAITING', 2)
    here = Lobby()
    connections = [Connection(here) for _ in range(4)]
    assert [one.ended for one in connections] == ['aborted', 'aborted', '', '']


def test_stop():
    """Whoever is there; who has left is not told."""
    here = Lobby()
    connections = [Connection(here) for _ in range(2)]
    here.leave(connections[0])
    here.stop()
    assert [one.ended for one in connections] == ['', 'stopped']


def test_empty():
    """What is being opened is cancelled, has cleaned up, and then is ended."""
    cleaned = []

    async def opening():
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    async def run():
        here = Lobby()
        connection = Connection(here)
        here.open(connection, opening())
        await asyncio.sleep(0)
        here.stop()
        assert connection.ended == ''
        await here.empty()
        assert connection.ended == 'aborted'

    asyncio.run(run())
    assert cleaned == [True]
