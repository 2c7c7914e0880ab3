# SPDX-License-Identifier: Apache-2.0
"""Standard input and output in an event loop.

The descriptors stay in blocking mode, because the mode belongs to the terminal or the
pipe, so that a change would also affect the shell.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select

from console_ext.executor import BoundedExecutor

_CHUNK = 65536


class Input:
    """Reads from a descriptor: a terminal, a pipe, a file or a socket."""

    def __init__(self, fd: int):
        self._fd = fd

    async def read(self) -> bytes:
        """Return the next data; empty at the end of the input.

        :raises OSError: the input no longer exists
        """
        while True:
            await self._readable()
            with contextlib.suppress(BlockingIOError):
                return os.read(self._fd, _CHUNK)

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        try:
            loop.add_reader(self._fd, readable.set)
        except PermissionError:
            # epoll does not support files, which are always readable.
            await asyncio.sleep(0)
            return
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._fd)


class Output:
    """Writes to a descriptor in a separate thread, one chunk at a time.

    The thread may block for any time while the other end does not read.
    """

    def __init__(self, fd: int):
        self._fd = fd
        self._executor = BoundedExecutor(1, 'console-output')
        self._writing: asyncio.Future[None] | None = None

    async def write(self, data: bytes) -> None:
        """Write all data.  Only one task at a time may call this.

        :raises OSError: the other end is closed
        """
        loop = asyncio.get_running_loop()
        writing = loop.run_in_executor(self._executor, _write, self._fd, data)
        self._writing = writing
        # Cancelling the task does not stop the thread.
        await asyncio.shield(writing)
        self._writing = None

    async def settle(self, timeout_s: float) -> bool:
        """Wait for a write whose task was cancelled.

        :returns: whether the write has ended
        """
        if self._writing is None:
            return True
        done, _ = await asyncio.wait([self._writing], timeout=timeout_s)
        for one in done:
            # Retrieves the exception, which no longer matters.
            one.exception()
        return bool(done)

    def close(self) -> None:
        """Let the thread end; a blocked thread ends with the process."""
        self._executor.shutdown(wait=False)


def _write(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:
            # The parent process has set the descriptor to non-blocking mode.
            poll = select.poll()
            poll.register(fd, select.POLLOUT)
            poll.poll(1000)
