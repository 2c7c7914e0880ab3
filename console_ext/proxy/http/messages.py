# SPDX-License-Identifier: Apache-2.0
"""Parses the head of a request, and builds responses."""

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

# Large, because browsers send the cookies of all applications on the host.
MAX_HEAD_BYTES = 32768

END_OF_HEAD = b'\r\n\r\n'

TOO_LONG = Refusal(
    431, "The headers are too long. Delete this site's cookies.", 'request too long'
)


class Heads:
    """Splits the bytes of a client into the heads of requests."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._searched = 0

    def __len__(self) -> int:
        return len(self._received)

    def add(self, data: bytes) -> None:
        self._received += data

    def take(self) -> bytes | None:
        """
        :returns: the first head, with its empty line; None while it is incomplete
        :raises Refused: the head is too long
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
        """The bytes that are not taken."""
        return bytes(self._received)

    def clear(self) -> None:
        self._received.clear()
        self._searched = 0


# At DEBUG, the library logs the request with its token, and what is typed and shown;
# so give it a logger that discards everything.
_SILENT = logging.Logger('console_ext.proxy.wire', logging.CRITICAL + 1)


def read(head: bytes, max_frame_bytes: int) -> tuple[ServerProtocol, Request]:
    """
    :param head: a request up to and including its empty line
    :returns: the request, and the protocol object that can accept it
    :raises Refused: the head is malformed or too long
    """
    wire = ServerProtocol(
        select_subprotocol=_select,
        # A message may have any length: its frames are passed on, not collected.
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
    """Whether a request asks for a WebSocket; its handshake may still be invalid."""
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
    :param hint: message for a client that does not ask for a WebSocket
    :returns: the response that starts the session, when it is sent
    :raises Refused: the request is not a valid opening handshake of a WebSocket
    """
    response = wire.accept(request)
    if response.status_code == 101:
        return response
    if response.status_code == 426:
        raise Refused(Refusal(426, hint, 'no WebSocket'))
    # It quotes the client's headers, which may contain control characters.
    fault = ascii(str(wire.handshake_exc)[:200])[1:-1]
    message = f'The WebSocket handshake is not valid: {fault}.'
    raise Refused(Refusal(response.status_code, message, fault))


def takes_gzip(request: Request) -> bool:
    """Whether ``Accept-Encoding`` names gzip (RFC 9110, section 12.5.3)."""
    return _weight(request, 'Accept-Encoding', 'gzip') > 0


def is_for_a_page(request: Request) -> bool:
    """Whether the request is from a browser that opens the URL as a page.

    Its ``Accept`` header then names HTML; the ``*/*`` of other clients does not.
    """
    return (
        request.method in ('GET', 'HEAD')
        and 'Upgrade' not in request.headers
        and _weight(request, 'Accept', 'text/html') > 0
    )


def _weight(request: Request, header: str, wanted: str) -> float:
    """The weight (``q``) of a value in a list header; 0 if it is absent or refused."""
    for item in ','.join(request.headers.get_all(header)).split(','):
        name, *parameters = (part.strip().lower() for part in item.split(';'))
        if name == wanted:
            weights = [part[2:] for part in parameters if part.startswith('q=')]
            try:
                return float(weights[0]) if weights else 1.0
            except ValueError:
                return 0.0
    return 0.0


_DEFAULT_HEADERS = (
    ('X-Content-Type-Options', 'nosniff'),
    ('Referrer-Policy', 'no-referrer'),
    ('Cache-Control', 'no-store'),
)

_STATUS_HEADERS = {
    401: ('WWW-Authenticate', 'Token'),
    405: ('Allow', 'GET'),
    426: ('Upgrade', 'websocket'),
    429: ('Retry-After', str(rules.RETRY_AFTER_S)),
    503: ('Retry-After', str(rules.RETRY_AFTER_S)),
}


def head(status: int, headers: Iterable[tuple[str, str]], length: int) -> bytes:
    """A response up to its body.

    :param headers: added to the default headers; one of the same name replaces it
    """
    phrase = http.HTTPStatus(status).phrase
    headers = list(headers)
    given = {name for name, _ in headers}
    default = [(name, value) for name, value in _DEFAULT_HEADERS if name not in given]
    lines = [f'HTTP/1.1 {status} {phrase}']
    lines += [f'{name}: {value}' for name, value in (*default, *headers)]
    lines.append(f'Content-Length: {length}')
    return '\r\n'.join([*lines, '', '']).encode('latin-1')


def refuse(refusal: Refusal, *, text: bool = True) -> bytes:
    """The complete response of a refusal; the connection is closed after it.

    :param text: whether the body is the message; otherwise it is empty
    """
    body = f'{refusal.message}\n'.encode() if text else b''
    headers = [('Content-Type', 'text/plain; charset=utf-8'), ('Connection', 'close')]
    if refusal.status in _STATUS_HEADERS:
        headers.append(_STATUS_HEADERS[refusal.status])
    return head(refusal.status, headers, len(body)) + body


def refuse_inside(wire: ServerProtocol, accepted: Response, refusal: Refusal) -> bytes:
    """Accept the WebSocket and refuse in its close frame.

    Browsers hide the status and the body of a refused WebSocket from the page.

    :param accepted: the response that accepts the WebSocket
    """
    wire.send_response(accepted)
    wire.send_close(close_codes.REFUSED + refusal.status, refusal.message)
    return b''.join(wire.data_to_send())
