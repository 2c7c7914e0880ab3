# SPDX-License-Identifier: Apache-2.0
"""A connection to a console."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidProxy,
    InvalidStatus,
    ProxyError,
    WebSocketException,
)
from websockets.typing import Subprotocol

from console_ext.client import control, urls
from console_ext.client.endings import (
    Closed,
    NotOpened,
    closed,
    refused,
    refused_inside,
    sentence_of,
)

# Long, because the proxy may wait for a compute host.
_OPEN_S = 90.0
_CLOSE_S = 2.0

# A refusal follows directly after the opening; without one in this time, it succeeded.
_REFUSAL_S = 0.1

# After _SILENCE_S without data the client sends a ping, and waits _ANSWER_S for the
# answer.
_SILENCE_S = 20.0
_ANSWER_S = 20.0

_MAX_MESSAGE = 2**20
# Frames that wait for the terminal, before the client stops reading.
_MAX_WAITING = 4

# At DEBUG, the library logs the URL with its token, and all input and output.
_SILENT = logging.Logger('console_ext.client.wire', logging.CRITICAL + 1)


class Ended(Exception):
    """The connection has ended.

    :param closed: the reason
    """

    def __init__(self, closed: Closed):
        self.closed = closed
        super().__init__(closed.sentence)


@dataclass(frozen=True, slots=True)
class Rejoin:
    """How to open the session again after a loss of the connection.

    :param url: works once
    :param within_s: how long it works after the loss, in seconds
    """

    url: str = field(repr=False)
    within_s: float


class Connection:
    """An open WebSocket with backpressure in each direction.

    :param url: that was opened
    :param silence_s: seconds without data before a ping is sent
    :param answer_s: seconds to wait for the answer to the ping
    :ivar rejoin: None if the session cannot be opened again
    """

    def __init__(
        self,
        wire: ClientConnection,
        url: str,
        silence_s: float = _SILENCE_S,
        answer_s: float = _ANSWER_S,
    ):
        self._wire = wire
        self._url = url
        self._silence_s, self._answer_s = silence_s, answer_s
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._listening = False
        self._controls = wire.subprotocol == control.SUBPROTOCOL
        self._first: str | bytes | None = None
        self._drawn = self._reported = 0
        self._behind = asyncio.Event()
        self.rejoin: Rejoin | None = None

    async def admitted(self) -> None:
        """Wait until the proxy has had the time to refuse the console.

        With console-ext.v1, a refusal is a close frame.

        :raises NotOpened: the proxy refuses it
        """
        if not self._controls:
            return
        try:
            async with asyncio.timeout(_REFUSAL_S):
                self._first = await self._wire.recv(decode=None)
        except TimeoutError:
            return
        except ConnectionClosed as error:
            refusal = None
            if error.rcvd is not None:
                refusal = refused_inside(error.rcvd.code, error.rcvd.reason)
            if refusal is not None:
                raise refusal from None

    async def receive(self) -> bytes:
        """Return the next data from the guest.

        :raises Ended: the connection has ended
        """
        while True:
            message = await self._next()
            if isinstance(message, bytes):
                return message
            self._obey(message)

    async def _next(self) -> str | bytes:
        """
        :raises Ended:
        """
        if self._first is not None:
            first, self._first = self._first, None
            return first
        self._listening = True
        try:
            # The text frames of other servers are data.
            return await self._wire.recv(decode=None if self._controls else False)
        except ConnectionClosed as error:
            raise Ended(_meaning(error)) from None
        finally:
            self._listening = False
            self._heard = self._loop.time()

    def _obey(self, message: str) -> None:
        key = control.rejoin_key(message)
        if key is not None:
            self.rejoin = Rejoin(urls.rejoin(self._url, key.text), key.within_s)

    async def send(self, data: bytes) -> None:
        """Send data to the guest, and wait until it is accepted.

        :raises Ended: the connection has ended
        """
        await self._send(data)

    async def _send(self, message: str | bytes) -> None:
        try:
            await self._wire.send(message)
        except ConnectionClosed as error:
            raise Ended(_meaning(error)) from None

    def drawn(self, count: int) -> None:
        """Count bytes from the guest that have been written to the terminal."""
        self._drawn += count
        if self._controls and self._drawn - self._reported >= control.REPORT_BYTES:
            self._behind.set()

    async def report(self) -> None:
        """Tell the proxy how much has been written, so that the guest may continue.

        It does not delay :meth:`receive`: sending waits while the guest takes no input.

        :raises Ended: the connection has ended
        """
        while True:
            await self._behind.wait()
            self._behind.clear()
            self._reported = self._drawn
            await self._send(control.drawn(self._reported))

    async def watch(self) -> None:
        """Send pings while the server is silent, until it does not answer.

        Silence only counts while a task waits in :meth:`receive`.  If the terminal is
        slow, the answer to a ping is queued behind the guest's data.

        :raises Ended: the server does not answer
        """
        while True:
            quiet_s = self._loop.time() - self._heard
            if not self._listening or quiet_s < self._silence_s:
                await asyncio.sleep(max(0.05, self._silence_s - quiet_s))
                continue
            asked = self._heard
            try:
                answer = await self._wire.ping()
                # Not wait_for(): before Python 3.12, it loses a cancellation that
                # coincides with the answer.
                async with asyncio.timeout(self._answer_s):
                    await answer
                self._heard = self._loop.time()
            except ConnectionClosed as error:
                raise Ended(_meaning(error)) from None
            except TimeoutError:
                if self._listening and self._heard == asked:
                    self._wire.transport.abort()
                    raise Ended(closed(None, 'The console does not answer.')) from None

    async def close(self) -> None:
        """Close the connection, and wait briefly for the server's close frame."""
        closing = asyncio.create_task(self._wire.close())
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                # The close frame comes after data that the guest has sent before.
                while True:
                    await self._wire.recv(decode=False)
        self._wire.transport.abort()
        await asyncio.wait({closing})


def _meaning(error: ConnectionClosed) -> Closed:
    if error.rcvd is not None:
        return closed(error.rcvd.code, error.rcvd.reason)
    if error.sent is not None:
        # This client has closed the connection, because the server's data is invalid.
        return closed(
            error.sent.code, f'The server broke the protocol: {error.sent.reason}'
        )
    return closed(None, '')


async def open_connection(url: str, tls: ssl.SSLContext) -> Connection:
    """Open the URL of a console.

    :param tls: for a URL with ``wss``
    :raises InvalidURL: the URL is not the URL of a WebSocket
    :raises NotOpened: the server refuses the connection or cannot be reached
    """
    where = urls.place(urls.websocket(url))
    try:
        wire = await connect(
            url,
            ssl=tls if url.lower().startswith('wss:') else None,
            # websockify only finds "binary" if it is the first.
            subprotocols=[Subprotocol('binary'), Subprotocol(control.SUBPROTOCOL)],
            compression=None,
            user_agent_header='console-ext',
            open_timeout=_OPEN_S,
            close_timeout=_CLOSE_S,
            ping_interval=None,
            max_size=_MAX_MESSAGE,
            max_queue=_MAX_WAITING,
            logger=_SILENT,
        )
    except InvalidStatus as error:
        response = error.response
        raise refused(
            response.status_code,
            bytes(response.body or b''),
            response.headers.get('Retry-After'),
        ) from None
    except ssl.SSLCertVerificationError as error:
        raise NotOpened(
            f'The certificate of {where} cannot be verified: {error.verify_message}. '
            'If you trust it, name its authority with --os-cacert.',
            again=False,
        ) from None
    except TimeoutError:
        raise NotOpened(f'{where} does not answer.', again=True) from None
    except (InvalidProxy, ProxyError):
        # Without the settings, which may contain a password.
        raise NotOpened(
            'The HTTP proxy in the environment does not allow this connection. Check '
            'http_proxy, https_proxy and no_proxy.',
            again=False,
        ) from None
    except OSError as error:
        raise NotOpened(
            f'{where} cannot be reached: {error.strerror or error}', again=True
        ) from None
    except (WebSocketException, ImportError) as error:
        if isinstance(error.__cause__, EOFError):
            # As by a load balancer without a proxy.
            raise NotOpened(f'{where} closed the connection.', again=True) from None
        # The library's text may quote the URL.
        what = sentence_of(str(error))
        raise NotOpened(
            f'{where} is not a WebSocket server: {what}', again=False
        ) from None
    connection = Connection(wire, url)
    try:
        await connection.admitted()
    except BaseException:
        wire.transport.abort()
        raise
    return connection
