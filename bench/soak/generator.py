# SPDX-License-Identifier: Apache-2.0
"""A load generator: a process that executes a plan until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import json
import resource
import signal
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.soak.connection import Door

READY = 'Ready'


@dataclass(slots=True)
class Plan:
    """The work of a generator.

    :param doors: port and certificate (None: no TLS) of each of the proxy's listeners
    :param network: the second byte of the clients' addresses
    :param ends_at: when it ends by itself, on the monotonic clock
    :param result: the file for its results
    :param sessions: the number of sessions of the users
    :param key_every_s: seconds between two keys of a session
    :param openings_per_s: the number of additional consoles that users open per second
    """

    doors: list[tuple[int, str | None]]
    network: int
    tokens: list[str]
    ends_at: float
    result: str
    sessions: int = 0
    key_every_s: float = 1.0
    openings_per_s: float = 0.0

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def read(cls, path: str) -> Plan:
        return cls(**json.loads(Path(path).read_text()))

    def open_doors(self) -> list[Door]:
        return [
            Door(port, _context(cert) if cert else None) for port, cert in self.doors
        ]


def _context(cert: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=cert)
    # The certificate has its name in a field that clients no longer check.
    context.check_hostname = False
    return context


class Until:
    """The end of a plan, by SIGTERM or by its time."""

    def __init__(self, ends_at: float) -> None:
        self._ends_at = ends_at
        self._stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stop.set)

    @property
    def over(self) -> bool:
        return self._stop.is_set() or time.monotonic() > self._ends_at

    async def pause(self, seconds: float) -> None:
        """Sleep, at most until the end."""
        left = min(seconds, self._ends_at - time.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, left)):
                await self._stop.wait()

    async def turns(self, every_s: float, most: int) -> AsyncIterator[int]:
        """Yield numbers at an interval, up to a maximum or until the end."""
        for number in range(most):
            if self.over:
                return
            yield number
            await self.pause(every_s)


def run(plan: Plan, work: Callable[[Plan, Until], Awaitable[None]]) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # A garbage collection would look like a slow echo.
    gc.disable()

    async def main() -> None:
        await work(plan, Until(plan.ends_at))

    uvloop.run(main())
