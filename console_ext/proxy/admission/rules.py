# SPDX-License-Identifier: Apache-2.0
"""Who is let in, and what the others are told.

Nothing here waits: :func:`ask` decides on the request alone, and :func:`refusal` says
what an error of the checks behind it (``checks``) means to the client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from console_ext import exceptions
from console_ext.printable import printable
from console_ext.proxy.admission import request as requests
from console_ext.proxy.admission.origin import AllowedOrigins
from console_ext.proxy.admission.request import ConsoleRequest
from console_ext.proxy.relay import control

MAX_TOKEN = 255

RETRY_AFTER_S = 10

# The first of them that a client offers is spoken.
SUBPROTOCOLS = (control.SUBPROTOCOL, 'binary')


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    :param status: of the HTTP response
    :param sentence: its body, for the user
    :param why: for the log; holds no token
    """

    status: int
    sentence: str
    why: str


NOT_HERE = Refusal(404, 'There is nothing here.', 'no such path')


class Refused(Exception):
    """A request is refused, whatever part of the proxy finds the reason."""

    def __init__(self, refusal: Refusal):
        super().__init__(refusal.why)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the store is to be asked about.

    :param client: the client's address
    """

    token: str = field(repr=False)
    client: str


def ask(
    request: ConsoleRequest, cookie_paths: Mapping[str, bool], origins: AllowedOrigins
) -> Asked:
    """
    :param cookie_paths: the paths that open a console, and whether a token in a cookie
        opens it there
    :raises Refused: for a reason that is in the request itself
    """
    if request.path not in cookie_paths:
        raise Refused(NOT_HERE)
    if len(request.origins) > 1:
        raise Refused(
            Refusal(400, 'The request has two Origin headers.', 'two origins')
        )
    origin = request.origins[0] if request.origins else None
    if origin not in origins:
        raise Refused(
            Refusal(
                403,
                'Pages of this origin may not open consoles here.',
                f'origin {origin!r:.200}',
            )
        )
    try:
        tokens = requests.tokens(request, cookie=cookie_paths[request.path])
    except ValueError:
        raise Refused(
            Refusal(400, 'The query has too many fields.', 'too many fields')
        ) from None
    if len(tokens) > 1:
        raise Refused(
            Refusal(400, 'The request has two different tokens.', 'two tokens')
        )
    if not tokens:
        raise Refused(Refusal(401, 'The request has no token.', 'no token'))
    token = tokens.pop()
    if len(token) > MAX_TOKEN or not token.isascii() or not token.isprintable():
        raise Refused(
            refusal(exceptions.TokenRefused(exceptions.RefusalReason.UNKNOWN))
        )
    return Asked(token, request.client)


def subprotocol(offered: Sequence[str]) -> str | None:
    """The subprotocol of the session; None is a session without.

    :raises ValueError: the client offers only what we do not speak
    """
    if not offered:
        return None
    for one in SUBPROTOCOLS:
        if one in offered:
            return one
    raise ValueError(f'the only subprotocols here are {" and ".join(SUBPROTOCOLS)}')


# The nearest class up the tree of exceptions decides.  Whatever is wrong with a token,
# the answer is one: a guesser learns nothing from it.
REFUSALS: dict[type[Exception], tuple[int, str]] = {
    exceptions.TokenRefused: (
        401,
        'The token is not valid, or no longer: ask for a new console URL.',
    ),
    exceptions.TooManySessions: (
        429,
        'Too many console sessions are open; try again later.',
    ),
    exceptions.ConsoleMoved: (
        409,
        'The console is no longer where it was: ask for a new console URL.',
    ),
    exceptions.ConsoleError: (409, 'The server is not running where it was.'),
    exceptions.TargetUnreachable: (502, "The server's console cannot be reached."),
    exceptions.TargetRefused: (502, "The server's console refused the connection."),
    exceptions.TargetForbidden: (502, "The server's console cannot be reached."),
    exceptions.UnexpectedReply: (502, "The server's host gave no usable answer."),
    exceptions.ComputeUnavailable: (
        503,
        "The server's host cannot be asked now; try again later.",
    ),
    exceptions.StoreUnavailable: (
        503,
        'Console tokens cannot be checked now; try again later.',
    ),
    exceptions.ProxyBusy: (
        503,
        'Too many consoles are being opened; try again later.',
    ),
}


def refusal(error: Exception) -> Refusal:
    """What an error means to the client; 500 for one that is not in the table."""
    for cls in type(error).__mro__:
        if cls in REFUSALS:
            status, sentence = REFUSALS[cls]
            return Refusal(status, sentence, _why(error))
    return Refusal(500, 'The proxy failed.', type(error).__name__)


def _why(error: Exception) -> str:
    if isinstance(error, exceptions.TokenRefused):
        return f'token {error.reason}'
    # A compute host may have said what is in it.
    return printable(error)
