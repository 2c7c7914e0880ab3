# SPDX-License-Identifier: Apache-2.0
"""A console in the user's terminal, or at both ends of a script's pipes."""

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
from console_ext.client.connection import Connection, Ended, open_connection
from console_ext.client.endings import Closed, NotOpened, Status
from console_ext.client.keys import EscapeKey, Scanner
from console_ext.client.loop import Loop
from console_ext.client.outbox import Outbox
from console_ext.client.source import Source
from console_ext.client.streams import Input, Output
from console_ext.client.terminal import Terminal
from console_ext.client.urls import InvalidURL
from console_ext.executor import BoundedExecutor

# How long the escape key waits for a second one.
_TWICE_S = 0.5

# Reading goes on while the guest takes nothing, or the escape key would not be seen
# behind a paste.  Without an escape key there is nothing to look for.
_MOST_TYPED = 4 * 2**20
_MOST_PIPED = 2**18

# One message to the guest.
_MESSAGE = 16384

# What the terminal is still being shown when the user leaves.
_SETTLE_S = 0.5

# Timers of an event loop have a longest time.
_LONGEST_SLEEP_S = 3600.0

_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


@dataclass(frozen=True, slots=True)
class Options:
    """
    :param escape: None where no key leaves
    :param linger_s: how long a guest is silent, after the end of a script's input, when
        the client leaves
    :param reconnect: whether a lost connection is opened again; None where the input is
        a terminal
    """

    escape: EscapeKey | None
    linger_s: float = 2.0
    reconnect: bool | None = None


class _Left(Exception):
    """The use of the console ends.

    :param status: the exit status
    :param sentence: for the user; empty where they know
    """

    def __init__(self, status: int, sentence: str = ''):
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def attach(
    source: Source, tls: ssl.SSLContext, terminal: Terminal, options: Options
) -> int:
    """Connect the terminal with a console until either ends.

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
        self._again = source.again and (
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
            # Whatever else has gone wrong, the user has left.
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
        reading.add_done_callback(self._fail)
        try:
            while True:
                closed = await self._relay(connection)
                connection = await self._open_again(closed)
        finally:
            reading.cancel()
            await asyncio.wait({reading})

    async def _open(self) -> Connection:
        """
        :raises NotOpened: there is no URL, or it does not open
        """
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
            words.append(f'{key.name} leaves, twice sends one.')
        if size is not None:
            stty = f'stty rows {size.lines} cols {size.columns}'
            words.append(f"In the guest, '{stty}' sets its size.")
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
                except OSError:
                    # Whoever read it has seen enough, as "head" has.
                    self._leave(Status.LEFT)
                    return
                self._heard = asyncio.get_running_loop().time()

    async def _send(self, connection: Connection) -> None:
        while True:
            data = await self._outbox.first(_MESSAGE)
            await connection.send(data)
            await self._outbox.sent(len(data))

    # Between connections

    async def _open_again(self, closed: Closed) -> Connection:
        if closed.by_guest:
            raise _Left(Status.LEFT, closed.sentence)
        if not (closed.again and self._again):
            raise _Left(Status.LOST, closed.sentence)
        if self._terminal.is_interactive:
            # The keys were meant for what was on the screen.
            await self._outbox.clear()
        self._terminal.say(f'{closed.sentence} Connecting again.')
        wait_s = 0.0
        while True:
            delay_s = self._backoff.next(wait_s)
            if delay_s is None:
                raise _Left(Status.LOST, 'The console did not open again.')
            await asyncio.sleep(delay_s)
            try:
                connection = await self._open()
            except NotOpened as error:
                if not error.again:
                    raise _Left(Status.LOST, str(error)) from None
                wait_s = error.after_s
            else:
                self._terminal.say('Connected again.')
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
        """The next bytes; none at the end, or once the escape key stays alone."""
        try:
            async with asyncio.timeout(_TWICE_S if self._scanner.pending else None):
                return await self._input.read()
        except (TimeoutError, OSError):
            # The second is that of a terminal which is gone.
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
            # What has come but is not shown yet counts, too.
            async with self._showing:
                pass
        self._leave(Status.LEFT)

    # Leaving

    def _leave(self, status: int) -> None:
        if not self._left.done():
            self._left.set_result(status)

    def _fail(self, task: asyncio.Task[None]) -> None:
        """A fault of ours ends the program, wherever it is."""
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._left.done():
            self._left.set_exception(error)

    def _leave_by_signal(self, number: int) -> None:
        self._leave(Status.of_signal(number))


@contextlib.contextmanager
def _signals(
    loop: asyncio.AbstractEventLoop, terminal: Terminal, leave: Callable[[int], None]
) -> Iterator[None]:
    """Take the signals that end or stop the program."""
    handlers: dict[int, Callable[[], None]] = {
        number: functools.partial(leave, number) for number in _ENDING_SIGNALS
    }
    handlers[signal.SIGTSTP] = terminal.suspend
    handlers[signal.SIGCONT] = terminal.resume
    taken = [
        number
        for number in handlers
        # "nohup" and shells make a program ignore some.
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    for number in taken:
        loop.add_signal_handler(number, handlers[number])
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)
