# SPDX-License-Identifier: Apache-2.0
"""A request's head into a request, and a response into bytes."""

from __future__ import annotations

import http
import logging
from collections.abc import Iterable

from websockets.exceptions import (
    HeaderLineTooLong,
    NegotiationError,
    RequestLineTooLong,
    TooManyHeaders,
)
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from console_ext.proxy.admission import rules
from console_ext.proxy.admission.rules import Refusal, Refused
from console_ext.proxy.relay import close_codes

# Browsers send all the cookies of a host, whichever application set them.
MAX_HEAD_BYTES = 32768

END_OF_HEAD = b'\r\n\r\n'

TOO_LONG = Refusal(431, 'The request is too long.', 'request too long')


class Heads:
    """The bytes of a client, until they are the heads of requests."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._searched = 0

    def __len__(self) -> int:
        return len(self._received)

    def add(self, data: bytes) -> None:
        self._received += data

    def take(self) -> bytes | None:
        """
        :returns: the first head, with its empty line; None while it is not whole
        :raises Refused: it is too long
        """
        end = self._received.find(END_OF_HEAD, self._searched)
        length = end + len(END_OF_HEAD)
        if (len(self._received) if end < 0 else length) > MAX_HEAD_BYTES:
            raise Refused(TOO_LONG)
        if end < 0:
            self._searched = max(0, len(self._received) - len(END_OF_HEAD) + 1)
            return None
        head = bytes(self._received[:length])
        del self._received[:length]
        self._searched = 0
        return head

    def rest(self) -> bytes:
        """What is not taken."""
        return bytes(self._received)

    def clear(self) -> None:
        self._received.clear()
        self._searched = 0


# The library logs, at DEBUG, the request with its token and what is typed and shown; so
# its logger is one that says nothing.
_SILENT = logging.Logger('console_ext.proxy.wire', logging.CRITICAL + 1)


def read(head: bytes, max_frame_bytes: int) -> tuple[ServerProtocol, Request]:
    """
    :param head: all of a request up to, and with, its empty line
    :returns: the request, and the protocol that can accept it and go on from there
    :raises Refused: it is no request, or too long
    """
    wire = ServerProtocol(
        select_subprotocol=_select,
        # A message may be of any length: its frames are passed on, not collected.
        max_size=(None, max_frame_bytes),
        logger=_SILENT,
    )
    wire.receive_data(head)
    events = wire.events_received()
    wire.data_to_send()
    if events and isinstance(events[0], Request):
        return wire, events[0]
    if isinstance(
        wire.handshake_exc, RequestLineTooLong | HeaderLineTooLong | TooManyHeaders
    ):
        raise Refused(TOO_LONG)
    raise Refused(Refusal(400, 'The request is malformed.', 'malformed request'))


def asks_for_websocket(request: Request) -> bool:
    """Whether a request is for a WebSocket, in order or not."""
    protocols = ','.join(request.headers.get_all('Upgrade')).lower().split(',')
    return 'websocket' in (protocol.strip() for protocol in protocols)


def _select(wire: ServerProtocol, offered: Iterable[Subprotocol]) -> Subprotocol | None:
    try:
        chosen = rules.subprotocol(list(offered))
    except ValueError as error:
        raise NegotiationError(str(error)) from None
    return None if chosen is None else Subprotocol(chosen)


def accept(wire: ServerProtocol, request: Request, hint: str) -> Response:
    """
    :param hint: for whoever opens the URL with something else than a WebSocket client
    :returns: the response that begins the session, once it is sent
    :raises Refused: the request is no opening handshake of a WebSocket
    """
    response = wire.accept(request)
    if response.status_code == 101:
        return response
    if response.status_code == 426:
        raise Refused(Refusal(426, hint, 'no WebSocket'))
    # Of the client's headers, with whatever control characters.
    what = ascii(str(wire.handshake_exc)[:200])[1:-1]
    sentence = f'The WebSocket handshake is not valid: {what}.'
    raise Refused(Refusal(response.status_code, sentence, what))


def takes_gzip(request: Request) -> bool:
    """Whether ``Accept-Encoding`` names gzip (RFC 9110, section 12.5.3)."""
    return _weight(request, 'Accept-Encoding', 'gzip') > 0


def is_for_a_page(request: Request) -> bool:
    """Whether it comes from a browser that opens an address.

    ``Accept`` names HTML then; ``*/*``, which others send, does not.
    """
    return (
        request.method in ('GET', 'HEAD')
        and 'Upgrade' not in request.headers
        and _weight(request, 'Accept', 'text/html') > 0
    )


def _weight(request: Request, header: str, wanted: str) -> float:
    """What a client's list gives one value; 0 is that it is not named, or refused."""
    for one in ','.join(request.headers.get_all(header)).split(','):
        name, *parameters = (part.strip().lower() for part in one.split(';'))
        if name == wanted:
            weights = [part[2:] for part in parameters if part.startswith('q=')]
            try:
                return float(weights[0]) if weights else 1.0
            except ValueError:
                return 0.0
    return 0.0


_ALWAYS = (
    ('X-Content-Type-Options', 'nosniff'),
    ('Referrer-Policy', 'no-referrer'),
    ('Cache-Control', 'no-store'),
)

_EXTRA = {
    401: ('WWW-Authenticate', 'Token'),
    405: ('Allow', 'GET'),
    426: ('Upgrade', 'websocket'),
    429: ('Retry-After', str(rules.RETRY_AFTER_S)),
    503: ('Retry-After', str(rules.RETRY_AFTER_S)),
}


def head(status: int, headers: Iterable[tuple[str, str]], length: int) -> bytes:
    """A response up to its body.

    :param headers: besides those that every response has, or in their place
    """
    phrase = http.HTTPStatus(status).phrase
    headers = list(headers)
    given = {name for name, _ in headers}
    usual = [(name, value) for name, value in _ALWAYS if name not in given]
    lines = [f'HTTP/1.1 {status} {phrase}']
    lines += [f'{name}: {value}' for name, value in (*usual, *headers)]
    lines.append(f'Content-Length: {length}')
    return '\r\n'.join([*lines, '', '']).encode('latin-1')


def refuse(refusal: Refusal, *, text: bool = True) -> bytes:
    """The whole response of a refusal; the connection ends with it.

    :param text: whether its sentence is the body; else the body is empty
    """
    body = f'{refusal.sentence}\n'.encode() if text else b''
    headers = [('Content-Type', 'text/plain; charset=utf-8'), ('Connection', 'close')]
    if refusal.status in _EXTRA:
        headers.append(_EXTRA[refusal.status])
    return head(refusal.status, headers, len(body)) + body


def refuse_inside(wire: ServerProtocol, accepted: Response, refusal: Refusal) -> bytes:
    """A refusal as the end of a session that has not begun.

    Browsers hide the status and the body of a refused WebSocket.

    :param accepted: the response that would begin the session
    """
    wire.send_response(accepted)
    wire.send_close(close_codes.REFUSED + refusal.status, refusal.sentence)
    return b''.join(wire.data_to_send())
