# SPDX-License-Identifier: Apache-2.0
"""Opening the consoles of a type."""

from __future__ import annotations

import asyncio
import socket

import pytest

from console_ext.proxy.relay.connector import Target
from console_ext.proxy.relay.consoles import PlainConsoles
from tests.parts.stores.factories import authorization


def test_plain():
    """There is one port and no handshake."""

    async def run():
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        consoles, authorized = PlainConsoles(), authorization(port=7, tls_port=8)
        assert consoles.port(authorized) == 7
        consoles.reload()
        with theirs:
            guest = await consoles.open(Target(ours, b'', 0), authorized)
            with pytest.raises(BlockingIOError):
                theirs.recv(100)
            guest.send(b'hello')
            loop = asyncio.get_running_loop()
            assert await loop.sock_recv(theirs, 100) == b'hello'
            guest.leave()

    asyncio.run(run())
