# SPDX-License-Identifier: Apache-2.0
"""A WebSocket server in place of a console proxy, for unusual behaviour."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from websockets.asyncio.server import ServerConnection, serve

TOKEN = '5a8db9bd-8513-42a0-b42c-214b8fce4273'


@dataclass(frozen=True)
class Server:
    """
    :param url: with :data:`TOKEN`
    :param loop: of the thread that it runs in
    """

    url: str
    loop: asyncio.AbstractEventLoop

    def run(self, coroutine, timeout_s=30):
        """Run a coroutine in the server's thread, and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout_s)


@contextlib.contextmanager
def served(
    handler: Callable[[ServerConnection], Awaitable[None]], **options
) -> Iterator[Server]:
    """A server on a free port of 127.0.0.1, in a thread of its own.

    :param handler: of a connection, which closes when the handler returns
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start():
        return await serve(handler, '127.0.0.1', 0, compression=None, **options)

    async def stop():
        server.close()
        for wire in list(server.connections):
            wire.transport.abort()
        await server.wait_closed()

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    port = server.sockets[0].getsockname()[1]
    scheme = 'wss' if options.get('ssl') else 'ws'
    made = Server(f'{scheme}://127.0.0.1:{port}/?token={TOKEN}', loop)
    try:
        yield made
    finally:
        made.run(stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def echo(wire: ServerConnection) -> None:
    """Send back what is received."""
    async for message in wire:
        await wire.send(message)
