# SPDX-License-Identifier: Apache-2.0
"""A guest that prints without pause, in a terminal in the browser.

The guest measures.  It asks the terminal for its status (ECMA-48, DSR) after each key,
and for its attributes (DA) at the end.  The terminal answers when it has processed all
output before the question.
"""

from __future__ import annotations

import contextlib
import math
import re
import select
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # selenium is not among the requirements of the unit tests.
    from bench.pages.browser import Browser
    from bench.pages.peers import Peer

_LINES = b'all work and no play makes jack a dull boy\r\n' * 100

_IS_IT_THERE, _IT_IS_THERE = b'\x1b[5n', b'\x1b[0n'
_IS_THAT_ALL, _THAT_IS_ALL = b'\x1b[c', re.compile(rb'\x1b\[\?[0-9;]*c')

_OPEN_S = 30
_END_S = 600
_SETTLE_S = 2
_ASK_AGAIN_S = 1
_KEY_EVERY_S = 0.3
_SAMPLE_S = 0.1


@dataclass(frozen=True, slots=True)
class Figures:
    """
    :param seconds: from the first byte until the terminal has processed the last
    :param lost_mb: what the terminal has refused
    :param pause_ms: the longest time in which no timer of the page ran
    :param frame_ms: the longest time without a new picture
    :param key_ms: the median from a key until its echo is in the terminal
    :param slowest_key_ms: the longest
    :param heap_mb: the largest heap of the page's script
    :param memory_mb: by how much the memory of the page's process grew at the most
    """

    seconds: float
    lost_mb: float
    pause_ms: float
    frame_ms: float
    key_ms: float
    slowest_key_ms: float
    heap_mb: float
    memory_mb: float


class Guest:
    """A serial port whose guest prints some megabytes, and echoes keys meanwhile."""

    def __init__(self, size: int):
        self._size = size
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.port: int = self._listener.getsockname()[1]

    def close(self) -> None:
        self._listener.close()

    def accept(self) -> Session:
        self._listener.settimeout(_OPEN_S)
        connection, _ = self._listener.accept()
        return Session(connection, self._size)


class Session:
    """A connection of the guest.

    :ivar echoes: the times at which the terminal had processed the echo of a key
    :ivar seconds: what the whole output took
    """

    def __init__(self, connection: socket.socket, size: int):
        # As on the way between machines; loopback would buffer megabytes.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        connection.setblocking(False)
        self._connection = connection
        self._left = size
        self._typed = b''
        self._urgent = b''
        self._asked = -math.inf
        self._ended = False
        self.echoes: list[float] = []
        self.seconds = math.nan
        self._thread = threading.Thread(target=self._flood, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def runs(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._connection.close()

    def _flood(self) -> None:
        started = time.perf_counter()
        output = b''
        with contextlib.suppress(OSError):
            while not self._ended:
                output = output or self._next()
                wants = [self._connection] if output else []
                keys, room, _ = select.select([self._connection], wants, [], 0.1)
                if room:
                    output = output[self._connection.send(output) :]
                if keys:
                    data = self._connection.recv(4096)
                    if not data:
                        return
                    self._receive(data)
        self.seconds = time.perf_counter() - started

    def _next(self) -> bytes:
        """Return what is to be printed next; nothing while the guest waits."""
        output, self._urgent = self._urgent, b''
        if output:
            return output
        output = _LINES[: self._left]
        self._left -= len(output)
        if not output and time.perf_counter() - self._asked > _ASK_AGAIN_S:
            # The terminal may have lost the question before.
            self._asked = time.perf_counter()
            return _IS_THAT_ALL
        return output

    def _receive(self, data: bytes) -> None:
        typed = self._typed + data
        self._ended = _THAT_IS_ALL.search(typed) is not None
        answers = typed.count(_IT_IS_THERE)
        self.echoes += [time.perf_counter()] * answers
        typed = typed.replace(_IT_IS_THERE, b'')
        # The rest of an answer may follow.
        keys, escape, rest = typed.partition(b'\x1b')
        self._typed = escape + rest
        if keys:
            self._urgent += keys + _IS_IT_THERE


def measure(browser: Browser, guest: Guest, peer: Peer) -> Figures:
    """Open a terminal, and let its guest print."""
    browser.leave()
    browser.driver.get(peer.url())
    session = guest.accept()
    try:
        time.sleep(_SETTLE_S)
        return _measure(browser, session)
    finally:
        session.close()
        browser.leave()


def _measure(browser: Browser, session: Session) -> Figures:
    browser.tell('HeapProfiler.collectGarbage')
    with _largest(browser.pages_mb) as memory:
        before = memory()
        browser.run('benchReset()')
        session.start()
        times = list(_keys(browser, session))
        grown = memory() - before
    busy = browser.run('return benchBusy')
    return Figures(
        seconds=session.seconds,
        lost_mb=browser.run('return globalThis.benchLost ?? 0') / 1e6,
        pause_ms=busy['pause'],
        frame_ms=busy['frame'],
        key_ms=statistics.median(times) * 1000 if times else math.nan,
        slowest_key_ms=max(times) * 1000 if times else math.nan,
        heap_mb=busy['heap'] / 1e6,
        memory_mb=grown,
    )


def _keys(browser: Browser, session: Session) -> Iterator[float]:
    """Press keys until the end, and yield what each echo took."""
    deadline = time.monotonic() + _END_S
    while session.runs:
        assert time.monotonic() < deadline, 'the terminal has not answered'
        time.sleep(_KEY_EVERY_S)
        known = len(session.echoes)
        pressed = time.perf_counter()
        browser.press('k')
        while session.runs and len(session.echoes) == known:
            time.sleep(0.001)
        if len(session.echoes) > known:
            yield session.echoes[known] - pressed


@contextlib.contextmanager
def _largest(read: Callable[[], float]) -> Iterator[Callable[[], float]]:
    """Read a figure again and again; the result returns the largest so far."""
    found = [read()]
    end = threading.Event()

    def run() -> None:
        while not end.wait(_SAMPLE_S):
            found[0] = max(found[0], read())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield lambda: found[0]
    finally:
        end.set()
        thread.join()


def median(figures: Sequence[Figures]) -> Figures:
    """Return the median of each figure."""
    return Figures(
        *(
            statistics.median(getattr(one, name) for one in figures)
            for name in Figures.__slots__
        )
    )
