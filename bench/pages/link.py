# SPDX-License-Identifier: Apache-2.0
"""A slow link to a server: ``python -m bench.pages.link PORT SERVER_PORT DELAY_MS``.

It delays everything by the same time in both directions, and a connection by the round
trip of its handshake.  It does not limit the throughput.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop

_CHUNK = 65536
_CHUNKS_ON_THE_WAY = 64


async def carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float
) -> None:
    """Pass on everything that is read, after the delay."""
    clock = asyncio.get_running_loop().time
    on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_CHUNKS_ON_THE_WAY)

    async def read() -> None:
        data = b'-'
        while data:
            try:
                data = await reader.read(_CHUNK)
            except OSError:
                data = b''
            await on_the_way.put((clock() + delay_s, data))

    reading = asyncio.create_task(read())
    try:
        while True:
            due, data = await on_the_way.get()
            await asyncio.sleep(max(0.0, due - clock()))
            if not data:
                writer.write_eof()
                return
            writer.write(data)
            await writer.drain()
    except OSError:
        return
    finally:
        reading.cancel()


async def main(port: int, server_port: int, delay_s: float) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * delay_s)
        try:
            answers, requests = await asyncio.open_connection('127.0.0.1', server_port)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(
                carry(reader, requests, delay_s), carry(answers, writer, delay_s)
            )
        finally:
            requests.close()
            writer.close()

    server = await asyncio.start_server(serve, '127.0.0.1', port, backlog=128)
    print('Listening', flush=True)
    await server.serve_forever()


if __name__ == '__main__':
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000))
