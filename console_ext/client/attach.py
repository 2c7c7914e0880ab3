# SPDX-License-Identifier: Apache-2.0
"""Connects a console to the user's terminal or to the pipes of a script."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from console_ext.client.backoff import Backoff
from console_ext.client.connection import (
    Connection,
    Ended,
    Rejoin,
    open_connection,
)
from console_ext.client.endings import Closed, NotOpened, Status
from console_ext.client.keys import EscapeKey, Scanner
from console_ext.client.loop import Loop
from console_ext.client.outbox import Outbox
from console_ext.client.source import Source
from console_ext.client.streams import Input, Output
from console_ext.client.terminal import Terminal
from console_ext.client.urls import InvalidURL
from console_ext.client.ways import Ways
from console_ext.executor import BoundedExecutor

# The time to wait for a second press of the escape key.
_TWICE_S = 0.5

# Input is read even if the guest does not accept data, so that the escape key is found
# after a paste.  Without an escape key, a small buffer is enough.
_MOST_TYPED = 4 * 2**20
_MOST_PIPED = 2**18

# The maximum size of a message to the guest.
_MESSAGE = 16384

# The time to finish output to the terminal at the end.
_SETTLE_S = 0.5

# The event loop limits the duration of its timers.
_LONGEST_SLEEP_S = 3600.0

_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


@dataclass(frozen=True, slots=True)
class Options:
    """
    :param escape: None for no escape key
    :param linger_s: how long the guest must be silent, after the end of a script's
        input, before the client leaves
    :param reconnect: whether to reconnect after a failure; None to reconnect if the
        input is a terminal
    """

    escape: EscapeKey | None
    linger_s: float = 2.0
    reconnect: bool | None = None


class _Left(Exception):
    """The program must end.

    :param status: the exit status
    :param sentence: a message for the user; empty for none
    """

    def __init__(self, status: int, sentence: str = ''):
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def attach(
    source: Source, tls: ssl.SSLContext, terminal: Terminal, options: Options
) -> int:
    """Connect the terminal to a console until one of them ends.

    :returns: the exit status
    """
    with asyncio.Runner(loop_factory=Loop) as runner:
        return runner.run(_Attachment(source, tls, terminal, options).run())


class _Attachment:
    def __init__(
        self,
        source: Source,
        tls: ssl.SSLContext,
        terminal: Terminal,
        options: Options,
    ):
        self._source = source
        self._tls = tls
        self._terminal = terminal
        self._options = options
        interactive = terminal.is_interactive
        self._reconnects = (
            interactive if options.reconnect is None else options.reconnect
        )
        self._scanner = Scanner(options.escape if interactive else None)
        self._outbox = Outbox(_MOST_TYPED if interactive else _MOST_PIPED)
        self._input = Input(terminal.stdin)
        self._output = Output(terminal.stdout)
        self._calls = BoundedExecutor(1, 'console-url')
        self._backoff = Backoff()
        self._connected = False
        self._showing = asyncio.Lock()
        self._heard = 0.0
        self._left: asyncio.Future[int]

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        self._left = loop.create_future()
        with _signals(loop, self._terminal, self._leave_by_signal):
            try:
                await self._until_left()
            except _Left as left:
                status, sentence = left.status, left.sentence
            finally:
                await self._output.settle(_SETTLE_S)
                self._terminal.restore()
                self._output.close()
                self._calls.shutdown(wait=False)
            if sentence:
                self._terminal.say(sentence)
            elif self._terminal.is_interactive and status == Status.LEFT:
                self._terminal.say(f'left {self._source.name}.')
            return status

    async def _until_left(self) -> None:
        """
        :raises _Left: always
        """
        use = asyncio.create_task(self._use())
        try:
            either: list[asyncio.Future[Any]] = [use, self._left]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            use.cancel()
            await asyncio.wait({use})
        if self._left.done():
            # The user has left; other errors no longer matter.
            _ = use.cancelled() or use.exception()
            raise _Left(self._left.result())
        await use

    async def _use(self) -> None:
        try:
            connection = await self._open()
        except NotOpened as error:
            raise _Left(Status.REFUSED, str(error)) from None
        try:
            self._terminal.attach(f'{self._source.name} - console')
        except OSError:
            raise _Left(Status.of_signal(signal.SIGHUP)) from None
        if self._terminal.is_interactive:
            self._terminal.say(self._help())
        reading = asyncio.create_task(self._read_input())
        reading.add_done_callback(self._fail_with)
        try:
            while True:
                closed = await self._relay(connection)
                connection = await self._open_again(closed, connection.rejoin)
        finally:
            reading.cancel()
            await asyncio.wait({reading})

    async def _open(self, rejoin: Rejoin | None = None) -> Connection:
        """
        :param rejoin: opens a previous session; None for a new one
        :raises NotOpened: there is no URL, or it cannot be opened
        """
        if rejoin is not None:
            return await open_connection(rejoin.url, self._tls)
        loop = asyncio.get_running_loop()
        url = await loop.run_in_executor(self._calls, self._source.url)
        try:
            return await open_connection(url, self._tls)
        except InvalidURL as error:
            raise NotOpened(str(error), again=False) from None

    def _help(self) -> str:
        key, size = self._options.escape, self._terminal.size()
        words = [f'connected to {self._source.name}.']
        if key is not None:
            words.append(f'{key.name} disconnects; pressed twice, it is sent once.')
        if size is not None:
            stty = f'stty rows {size.lines} cols {size.columns}'
            words.append(f"Run '{stty}' in the guest to set the size of the terminal.")
        return ' '.join(words)

    # While connected

    async def _relay(self, connection: Connection) -> Closed:
        loop = asyncio.get_running_loop()
        opened = self._heard = loop.time()
        self._connected = True
        closed: list[Closed] = []
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._show(connection))
                tasks.create_task(self._send(connection))
                tasks.create_task(connection.report())
                tasks.create_task(connection.watch())
        except* Ended as ended:
            closed += [one.closed for one in ended.exceptions if isinstance(one, Ended)]
        finally:
            self._connected = False
            self._backoff.opened_for(loop.time() - opened)
            await connection.close()
        return closed[0]

    async def _show(self, connection: Connection) -> None:
        while True:
            data = await connection.receive()
            async with self._showing:
                try:
                    await self._output.write(data)
                except ConnectionError:
                    # The reader has closed the pipe, like "head".
                    self._leave(Status.LEFT)
                    return
                except OSError as error:
                    # The disk is full, for example.
                    sentence = f'The output cannot be written: {error.strerror}.'
                    self._fail(_Left(Status.LOST, sentence))
                    return
                connection.drawn(len(data))
                self._heard = asyncio.get_running_loop().time()

    async def _send(self, connection: Connection) -> None:
        while True:
            data = await self._outbox.first(_MESSAGE)
            await connection.send(data)
            await self._outbox.sent(len(data))

    # Between connections

    async def _open_again(self, closed: Closed, rejoin: Rejoin | None) -> Connection:
        """
        :param rejoin: opens the same session; None if that is not possible
        :raises _Left: the console has ended, or cannot be opened again
        """
        if closed.by_guest:
            raise _Left(Status.LEFT, closed.sentence)
        loop = asyncio.get_running_loop()
        ways = Ways(rejoin, self._source.again, loop.time())
        if not (closed.again and self._reconnects and ways):
            raise _Left(Status.LOST, closed.sentence)
        if self._terminal.is_interactive:
            # Unsent keys were meant for the previous content of the screen.
            await self._outbox.clear()
        self._terminal.say(f'{closed.sentence} Reconnecting.')
        wait_s = 0.0
        while True:
            delay_s = self._backoff.next(wait_s)
            if delay_s is None:
                raise _Left(Status.LOST, 'Reconnecting has failed. Try again later.')
            await asyncio.sleep(delay_s)
            try:
                connection = await self._open(ways.rejoin)
            except NotOpened as error:
                if not ways.failed(error, loop.time()):
                    raise _Left(Status.LOST, str(error)) from None
                wait_s = error.after_s
            else:
                same = ways.rejoin is not None
                self._terminal.say(
                    'Reconnected to the same session.'
                    if same
                    else 'Reconnected with a new URL.'
                )
                return connection

    # Input

    async def _read_input(self) -> None:
        while True:
            data = await self._next_input()
            if not data:
                await self._end_of_input()
                return
            typed = self._scanner.feed(data)
            if typed.data and (self._connected or not self._terminal.is_interactive):
                await self._outbox.put(typed.data)
            if typed.left:
                self._leave(Status.LEFT)
                return

    async def _next_input(self) -> bytes:
        """Return the next input; empty at the end, or after a single escape key."""
        try:
            async with asyncio.timeout(_TWICE_S if self._scanner.pending else None):
                return await self._input.read()
        except (TimeoutError, OSError):
            # OSError: the terminal is gone.
            return b''

    async def _end_of_input(self) -> None:
        if self._scanner.pending:
            self._leave(Status.LEFT)
            return
        if self._terminal.is_interactive:
            # The window was closed.
            self._leave(Status.of_signal(signal.SIGHUP))
            return
        loop = asyncio.get_running_loop()
        await self._outbox.empty()
        self._heard = loop.time()
        while (rest_s := self._heard + self._options.linger_s - loop.time()) > 0:
            await asyncio.sleep(min(rest_s, _LONGEST_SLEEP_S))
            # Received data that has not been written yet also counts.
            async with self._showing:
                pass
        self._leave(Status.LEFT)

    # Leaving

    def _leave(self, status: int) -> None:
        if not self._left.done():
            self._left.set_result(status)

    def _fail(self, error: BaseException) -> None:
        if not self._left.done():
            self._left.set_exception(error)

    def _fail_with(self, task: asyncio.Task[None]) -> None:
        """End the program if a task has failed with an unexpected error."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._fail(error)

    def _leave_by_signal(self, number: int) -> None:
        self._leave(Status.of_signal(number))


@contextlib.contextmanager
def _signals(
    loop: asyncio.AbstractEventLoop, terminal: Terminal, leave: Callable[[int], None]
) -> Iterator[None]:
    """Handle the signals that end or suspend the program."""
    handlers: dict[int, Callable[[], None]] = {
        number: functools.partial(leave, number) for number in _ENDING_SIGNALS
    }
    handlers[signal.SIGTSTP] = terminal.suspend
    handlers[signal.SIGCONT] = terminal.resume
    taken = [
        number
        for number in handlers
        # nohup and shells start programs with some signals ignored.
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    for number in taken:
        loop.add_signal_handler(number, handlers[number])
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)
