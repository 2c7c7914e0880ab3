# SPDX-License-Identifier: Apache-2.0
"""One client's connection up to status 101: requests, pages and refusals."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import cast

from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from console_ext.proxy.admission import request as requests
from console_ext.proxy.admission import rules
from console_ext.proxy.admission.checks import Admission
from console_ext.proxy.admission.rules import Refusal, Refused, SessionRequest
from console_ext.proxy.consoles.listener import Listener
from console_ext.proxy.consoles.pages import Page
from console_ext.proxy.http import messages, opening
from console_ext.proxy.http.connections import Connections
from console_ext.proxy.http.lingering_close import Lingering
from console_ext.proxy.networks import Networks
from console_ext.proxy.relay import control
from console_ext.proxy.sessions import Sessions

LOG = logging.getLogger(__name__)

# How long a client may take to fetch a page.
PAGE_S = 60.0
PAGE_PART_BYTES = 65536

# What a client may send after its request before it has the answer.  RFC 6455 (section
# 4.1) forbids it, but some clients do.
MAX_EARLY_BYTES = 65536

_TOO_SLOW = Refusal(408, 'The request took too long.', 'request too slow')
_STOPPING = Refusal(503, 'The proxy is being stopped; connect again.', 'stopping')
_TOO_EARLY = Refusal(
    400,
    'The client sent too much data before the answer to its request.',
    'too much too early',
)
_WRONG_METHOD = Refusal(405, 'Use GET for this page.', 'wrong method for a page')


@dataclass(frozen=True, slots=True)
class Settings:
    """
    :param handshake_s: how long a client has to send a request
    """

    handshake_s: float
    max_frame_bytes: int
    trusted: Networks


class Connection(asyncio.Protocol):
    def __init__(
        self,
        listener: Listener,
        settings: Settings,
        admission: Admission,
        sessions: Sessions,
        connections: Connections,
    ):
        self._listener = listener
        self._settings = settings
        self._admission = admission
        self._sessions = sessions
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._heads = messages.Heads()
        self._answering = False
        # Whether the request that is being answered asks for a WebSocket.
        self._upgrading = False
        self._opening: asyncio.Task[None] | None = None
        # The answer if opening the console is cancelled; None if the client left.
        self._given_up: Refusal | None = _STOPPING
        # Set for a client that reads refusals from a close frame (console-ext.v1).
        self._inside: tuple[ServerProtocol, Response] | None = None
        self._unsent: memoryview | None = None
        self._keep = False
        self._full = False
        self._peer = ''
        # The best known address; behind reverse proxies it is in the request.
        self._client = ''

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info('peername')
        if peer is None:
            self._transport.abort()
            return
        self._peer = self._client = peer[0]
        self._wait()

    def eof_received(self) -> None:
        # The transport closes now; with TLS, soon.
        self._give_up(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._set_timer(None)
        self._connections.leave(self)
        self._give_up(None)

    def _wait(self) -> None:
        """Wait for a request."""
        self._answering = self._upgrading = False
        self._connections.wait(self)
        self._set_timer(self._settings.handshake_s)

    def abort(self) -> None:
        self._connections.leave(self)
        if self._transport is not None:
            self._transport.abort()

    def stop(self) -> None:
        """Close, unless a request is being answered: then close after the answer."""
        self._keep = False
        if not self._answering:
            self.abort()

    def _set_timer(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = (
            None if seconds is None else self._loop.call_later(seconds, self._too_late)
        )

    def _too_late(self) -> None:
        if self._answering or not self._heads:
            self.abort()
        else:
            self._refuse(_TOO_SLOW)

    # The request

    def data_received(self, data: bytes) -> None:
        self._heads.add(data)
        if self._opening is not None:
            # Keep reading, to notice when the client disconnects.
            if len(self._heads) > MAX_EARLY_BYTES and self._transport is not None:
                # uvloop would read megabytes before the admission is cancelled.
                self._transport.pause_reading()
                self._give_up(_TOO_EARLY)
        elif not self._answering:
            self._read_request()

    def _read_request(self) -> None:
        try:
            head = self._heads.take()
            if head is not None:
                self._answer(head)
        except Refused as error:
            self._refuse(error.refusal)

    def _answer(self, head: bytes) -> None:
        """
        :raises Refused:
        """
        self._answering = True
        wire, request = messages.read(head, self._settings.max_frame_bytes)
        self._upgrading = messages.asks_for_websocket(request)
        path = request.path.partition('?')[0]
        opens = path in self._listener.cookie_paths
        if path in self._listener.pages and not (opens and self._upgrading):
            self._show(self._listener.pages[path], request)
        elif path in self._listener.documents and messages.is_for_a_page(request):
            self._show(self._listener.documents[path], request)
        elif opens:
            self._ask(wire, request)
        else:
            raise Refused(rules.NOT_FOUND)

    def _refuse(self, refusal: Refusal) -> None:
        LOG.info(
            'Refused a %s client at %s: %d, %s',
            self._listener.name,
            self._client,
            refusal.status,
            refusal.log_reason,
        )
        if self._transport is not None and not self._transport.is_closing():
            if self._inside is not None:
                answer = messages.refuse_inside(*self._inside, refusal)
            else:
                text = self._listener.refusals_have_text or not self._upgrading
                answer = messages.refuse(refusal, text=text)
            self._transport.write(answer)
            self._hang_up()

    def _hang_up(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._set_timer(None)
        self._heads.clear()
        self._connections.wait(self)
        Lingering(transport, self.connection_lost).begin()

    # Pages

    def _show(self, page: Page, request: Request) -> None:
        if request.method not in ('GET', 'HEAD'):
            raise Refused(_WRONG_METHOD)
        if self._transport is None:
            return
        options = ','.join(request.headers.get_all('Connection')).lower()
        self._keep = request.protocol == 'HTTP/1.1' and 'close' not in options
        headers = [
            *page.headers,
            ('Connection', 'keep-alive' if self._keep else 'close'),
        ]
        body = page.body
        if page.gzip is not None and messages.takes_gzip(request):
            headers.append(('Content-Encoding', 'gzip'))
            body = page.gzip
        self._set_timer(PAGE_S)
        # So at most one read of the next request is buffered.
        self._transport.pause_reading()
        self._transport.write(messages.head(page.status, headers, len(body)))
        self._unsent = memoryview(body if request.method == 'GET' else b'')
        self._send_more()

    def _send_more(self) -> None:
        """Send as much of a page as the client takes; a slow client costs no memory."""
        while self._unsent and not self._full:
            if self._transport is None or self._transport.is_closing():
                return
            part = self._unsent[:PAGE_PART_BYTES]
            self._unsent = self._unsent[PAGE_PART_BYTES:]
            self._transport.write(part)
        if self._full:
            return
        self._unsent = None
        if not self._keep:
            self._hang_up()
        elif self._transport is not None and not self._transport.is_closing():
            self._wait()
            self._transport.resume_reading()
            # Not recursively: a client may have sent many requests at once.
            self._loop.call_soon(self._resume)

    def _resume(self) -> None:
        if self._heads and not self._answering:
            self._read_request()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        if self._unsent is not None:
            self._send_more()

    # Consoles

    def _ask(self, wire: ServerProtocol, request: Request) -> None:
        listener = self._listener
        accepted = messages.accept(wire, request, listener.hint)
        if wire.subprotocol == control.SUBPROTOCOL:
            self._inside = wire, accepted
        asking = requests.console_request(
            request.path, request.headers, self._peer, self._settings.trusted
        )
        self._client = asking.client
        wanted = rules.session_request(
            asking,
            listener.cookie_paths,
            listener.origins,
            rejoins=self._inside is not None,
        )
        # The next steps have their own deadlines.
        self._set_timer(None)
        self._opening = self._connections.open(self, self._open(wire, accepted, wanted))
        self._opening.add_done_callback(self._stopped_opening)

    async def _open(
        self, wire: ServerProtocol, accepted: Response, wanted: SessionRequest
    ) -> None:
        try:
            async with contextlib.AsyncExitStack() as held:
                admitted, guest = await opening.reach(
                    self._admission, wanted, self._listener, held
                )
                transport = self._transport
                if transport is None or transport.is_closing():
                    self._log_left()
                    return
                # The session releases it.
                held.pop_all()
        except Refused as error:
            self._refuse(error.refusal)
            return
        finally:
            self._opening = None
        self._connections.leave(self)
        wire.send_response(accepted)
        transport.write(b''.join(wire.data_to_send()))
        self._sessions.begin(
            wire,
            transport,
            guest,
            admitted,
            self._heads.rest(),
            text=self._listener.text,
            full=self._full,
        )

    def _stopped_opening(self, opening: asyncio.Task[None]) -> None:
        # Not in the task, which may be cancelled before it begins.
        if not opening.cancelled():
            return
        self._opening = None
        if self._given_up is None:
            self._log_left()
        else:
            self._refuse(self._given_up)

    def _give_up(self, refusal: Refusal | None) -> None:
        """Stop opening a console.

        :param refusal: None if the client has left
        """
        if self._opening is not None:
            self._given_up = refusal
            self._opening.cancel()

    def _log_left(self) -> None:
        LOG.info(
            'A %s client at %s left while its console was being opened',
            self._listener.name,
            self._client,
        )
