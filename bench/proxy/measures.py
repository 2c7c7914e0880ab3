# SPDX-License-Identifier: Apache-2.0
"""The measurements of a proxy; each returns figures by name and unit."""

from __future__ import annotations

import asyncio
import statistics
import time

from bench.proxy.peers import Peer
from bench.proxy.viewer import shake_hands
from bench.proxy.websocket import Client, frame, open_blocking

Figures = dict[str, float]

_KEY = frame(b'x')
# The size of the frame that echoes one byte.
_ANSWER_BYTES = 3

_SETTLE_S = 1


async def set_up(peer: Peer, sessions: int, at_once: int) -> Figures:
    """Measure the time from the connection to the first answer of the guest."""
    paths = [peer.path('echo') for _ in range(sessions)]
    cpu = peer.cpu_s()
    left = iter(paths)

    async def opener() -> None:
        for path in left:
            client = await peer.open('echo', path)
            client.send(_KEY)
            await client.receive(_ANSWER_BYTES)
            client.close()

    started = time.perf_counter()
    await asyncio.gather(*(opener() for _ in range(at_once)))
    took = time.perf_counter() - started
    await asyncio.sleep(_SETTLE_S)
    return {
        'sessions/s': sessions / took,
        'CPU ms a session': (peer.cpu_s() - cpu) * 1000 / sessions,
    }


async def memory(peer: Peer, sessions: int) -> Figures:
    """Measure the memory of idle sessions, after the same number has ended."""
    await _close(await _open(peer, 'sink', min(sessions, 200)))
    before = peer.pss_kib()
    clients = await _open(peer, 'sink', sessions)
    await asyncio.sleep(_SETTLE_S)
    used = peer.pss_kib() - before
    await _close(clients)
    return {'KiB a session': used / sessions}


async def set_up_vnc(peer: Peer, sessions: int) -> Figures:
    """Measure the time from the connection to ServerInit at the client."""
    paths = [peer.path('vnc') for _ in range(sessions)]
    cpu = peer.cpu_s()
    seconds = []
    for path in paths:
        started = time.perf_counter()
        client = await peer.open('vnc', path)
        await shake_hands(client)
        seconds.append(time.perf_counter() - started)
        client.close()
    await asyncio.sleep(_SETTLE_S)
    return {
        'p50 ms': statistics.median(seconds) * 1000,
        'CPU ms a session': (peer.cpu_s() - cpu) * 1000 / sessions,
    }


async def bulk(
    peer: Peer, sessions: int, seconds: float, mode: str = 'flood'
) -> Figures:
    """Measure the throughput from guests that send without pause.

    :param mode: flood or vnc
    """
    clients = await _open(peer, mode, sessions)
    if mode == 'vnc':
        for client in clients:
            await shake_hands(client)
            client.send(_KEY)
    await asyncio.sleep(0.5)
    cpu, before = peer.cpu_s(), sum(client.received for client in clients)
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - started
    gigabytes = (sum(client.received for client in clients) - before) / 1e9
    cpu = peer.cpu_s() - cpu
    await _close(clients)
    return {'MB/s': gigabytes * 1000 / took, 'CPU s a GB': cpu / gigabytes}


async def duplex(peer: Peer, seconds: float) -> Figures:
    """Measure the throughput to a guest that echoes everything."""
    (client,) = await _open(peer, 'echo', 1)
    data = frame(bytes(65536))

    async def write() -> None:
        while True:
            await client.send_when_there_is_room(data)

    cpu = peer.cpu_s()
    writing = asyncio.create_task(write())
    started = time.perf_counter()
    await asyncio.sleep(seconds)
    gigabytes, took = client.received / 1e9, time.perf_counter() - started
    cpu = peer.cpu_s() - cpu
    writing.cancel()
    await _close([client])
    return {'MB/s': gigabytes * 1000 / took, 'CPU s a GB': cpu / gigabytes}


async def echo(peer: Peer, keys: int) -> Figures:
    """Measure the echo time of keys, sent one after the other."""
    client = open_blocking(peer.ports['echo'], peer.path('echo'))
    cpu = peer.cpu_s()
    seconds = []
    for _ in range(keys):
        started = time.perf_counter()
        client.sendall(_KEY)
        received = 0
        while received < _ANSWER_BYTES:
            received += len(client.recv(_ANSWER_BYTES))
        seconds.append(time.perf_counter() - started)
    cpu = peer.cpu_s() - cpu
    client.close()
    await asyncio.sleep(_SETTLE_S)
    return {**_ranked(seconds), 'CPU µs a key': cpu * 1e6 / keys}


async def typing(peer: Peer, sessions: int, keys: int) -> Figures:
    """Measure the echo time in many sessions with ten keys per second each."""
    clients = await _open(peer, 'echo', sessions)
    seconds: list[float] = []

    async def type_at(client: Client, offset_s: float) -> None:
        next_s = time.perf_counter() + offset_s
        for _ in range(keys):
            await asyncio.sleep(max(0.0, next_s - time.perf_counter()))
            started = time.perf_counter()
            client.send(_KEY)
            await client.receive(_ANSWER_BYTES)
            seconds.append(time.perf_counter() - started)
            next_s += 0.1

    cpu = peer.cpu_s()
    await asyncio.gather(
        *(type_at(one, 0.1 * at / sessions) for at, one in enumerate(clients))
    )
    cpu = peer.cpu_s() - cpu
    await _close(clients)
    return {**_ranked(seconds), 'CPU µs a key': cpu * 1e6 / len(seconds)}


async def stuck_client(peer: Peer, seconds: float) -> Figures:
    """Measure the memory while a guest sends without pause and the client stalls."""
    before = peer.pss_kib()
    (client,) = await _open(peer, 'flood', 1)
    client.stop_reading()
    await asyncio.sleep(seconds)
    grown = peer.pss_kib() - before
    await _close([client])
    return {'MB': max(grown, 10) / 1024}


async def stuck_guest(peer: Peer, seconds: float) -> Figures:
    """Measure the memory while a client sends without pause and the guest stalls."""
    before = peer.pss_kib()
    (client,) = await _open(peer, 'stuck', 1)
    data = frame(bytes(65536))

    async def flood() -> None:
        while True:
            await client.send_when_there_is_room(data)

    flooding = asyncio.create_task(flood())
    await asyncio.sleep(seconds)
    grown = peer.pss_kib() - before
    flooding.cancel()
    await _close([client])
    return {'MB': max(grown, 10) / 1024}


async def _open(peer: Peer, mode: str, sessions: int) -> list[Client]:
    """Open sessions, a few at a time."""
    paths = iter([peer.path(mode) for _ in range(sessions)])
    clients: list[Client] = []

    async def opener() -> None:
        for path in paths:
            clients.append(await peer.open(mode, path))

    await asyncio.gather(*(opener() for _ in range(25)))
    return clients


async def _close(clients: list[Client]) -> None:
    for client in clients:
        client.close()
    # websockify checks once a second whether its children have ended.
    await asyncio.sleep(_SETTLE_S + len(clients) / 200)


def _ranked(seconds: list[float]) -> Figures:
    ranked = sorted(seconds)
    return {
        'p50 µs': ranked[len(ranked) // 2] * 1e6,
        'p99 µs': ranked[int(len(ranked) * 0.99)] * 1e6,
    }
