# SPDX-License-Identifier: Apache-2.0
"""Which requests are refused, and with which answers.

Nothing here waits.  :func:`session_request` decides on the request alone;
:func:`refusal` translates an error of the later checks (``checks``) into an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from console_ext import exceptions
from console_ext.exceptions import RefusalReason
from console_ext.printable import printable
from console_ext.proxy.admission import request as requests
from console_ext.proxy.admission.origin import AllowedOrigins
from console_ext.proxy.admission.request import ConsoleRequest
from console_ext.proxy.relay import control

MAX_TOKEN = 255

RETRY_AFTER_S = 10

# The first of these that a client offers is used.
SUBPROTOCOLS = (control.SUBPROTOCOL, 'binary')


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    :param status: of the HTTP response
    :param message: one sentence for the user: the body of the response
    :param log_reason: the reason, for the log; contains no token
    """

    status: int
    message: str
    log_reason: str


NOT_FOUND = Refusal(404, 'There is no page at this path.', 'no such path')


class Refused(Exception):
    """A request is refused, by any part of the proxy."""

    def __init__(self, refusal: Refusal):
        super().__init__(refusal.log_reason)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request with a token, to be checked in the store.

    :param client: the client's address
    :param rejoinable: whether the client takes a key that opens the session again
    """

    token: str = field(repr=False)
    client: str
    rejoinable: bool = False


@dataclass(frozen=True, slots=True)
class RejoinRequest:
    """A request with a rejoin key, to be checked in the store.

    :param client: the client's address
    """

    key: str = field(repr=False)
    client: str


SessionRequest = TokenRequest | RejoinRequest


def session_request(
    request: ConsoleRequest,
    cookie_paths: Mapping[str, bool],
    origins: AllowedOrigins,
    *,
    rejoins: bool,
) -> SessionRequest:
    """
    :param cookie_paths: the paths that open a console, and whether each accepts a
        token in a cookie
    :param rejoins: whether the client uses rejoin keys, as part of console-ext.v1
    :raises Refused: the request itself is not acceptable
    """
    if request.path not in cookie_paths:
        raise Refused(NOT_FOUND)
    if len(request.origins) > 1:
        raise Refused(
            Refusal(400, 'The request has several Origin headers.', 'several origins')
        )
    origin = request.origins[0] if request.origins else None
    if origin not in origins:
        raise Refused(
            Refusal(
                403,
                'This proxy does not accept console requests from this web site.',
                f'origin {origin!r:.200}',
            )
        )
    try:
        keys = requests.rejoin_keys(request)
        # A cookie may be left from another console.
        cookie = cookie_paths[request.path] and not keys
        tokens = requests.tokens(request, cookie=cookie)
    except ValueError:
        raise Refused(
            Refusal(400, 'The URL has too many query parameters.', 'too many fields')
        ) from None
    if keys:
        return _rejoin_request(keys, tokens, request.client, rejoins=rejoins)
    if len(tokens) > 1:
        raise Refused(
            Refusal(400, 'The request has several different tokens.', 'several tokens')
        )
    if not tokens:
        raise Refused(
            Refusal(401, 'The URL has no token. Request a new console URL.', 'no token')
        )
    token = tokens.pop()
    if not _is_possible(token):
        raise Refused(refusal(exceptions.TokenRefused(RefusalReason.UNKNOWN)))
    return TokenRequest(token, request.client, rejoins)


def _rejoin_request(
    keys: Set[str], tokens: Set[str], client: str, *, rejoins: bool
) -> RejoinRequest:
    """
    :raises Refused:
    """
    if tokens:
        raise Refused(
            Refusal(
                400, 'The URL has a token and a rejoin key.', 'token and rejoin key'
            )
        )
    if len(keys) > 1:
        raise Refused(
            Refusal(400, 'The URL has several rejoin keys.', 'several rejoin keys')
        )
    (key,) = keys
    # A client without console-ext.v1 never gets a key.
    if not rejoins or not _is_possible(key):
        raise Refused(refusal(exceptions.RejoinRefused(RefusalReason.UNKNOWN)))
    return RejoinRequest(key, client)


def _is_possible(secret: str) -> bool:
    """Whether a text may be a token or a rejoin key."""
    return len(secret) <= MAX_TOKEN and secret.isascii() and secret.isprintable()


def subprotocol(offered: Sequence[str]) -> str | None:
    """The subprotocol of the session; None for a session without one.

    :raises ValueError: the client offers only unsupported subprotocols
    """
    if not offered:
        return None
    for known in SUBPROTOCOLS:
        if known in offered:
            return known
    raise ValueError(f'the supported subprotocols are {" and ".join(SUBPROTOCOLS)}')


# The most specific class of an exception applies.  Every token that is not accepted
# gets the same answer, so that it does not help anybody to guess tokens.
REFUSALS: dict[type[Exception], tuple[int, str]] = {
    exceptions.TokenRefused: (
        401,
        'This console URL is invalid or has expired. Request a new one.',
    ),
    exceptions.RejoinRefused: (
        401,
        'This session cannot be opened again. Request a new console URL.',
    ),
    exceptions.TooManySessions: (
        429,
        'Too many console sessions are open; try again later.',
    ),
    exceptions.ConsoleMoved: (
        409,
        'The console has moved. Request a new console URL.',
    ),
    exceptions.ConsoleError: (
        409,
        'The server has stopped or moved. Start it, and request a new console URL.',
    ),
    exceptions.TargetUnreachable: (
        502,
        "The server's console cannot be reached; try again later.",
    ),
    exceptions.TargetRefused: (
        502,
        "The server's console refused the connection. Request a new console URL.",
    ),
    # The same as TargetUnreachable: a user does not learn which networks exist.
    exceptions.TargetForbidden: (
        502,
        "The server's console cannot be reached; try again later.",
    ),
    exceptions.UnexpectedReply: (
        502,
        "The server's host gave an invalid answer. Tell the operator of the cloud.",
    ),
    exceptions.ComputeUnavailable: (
        503,
        "The server's host does not answer; try again later.",
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
    """The answer for an error; status 500 for an error that is not in the table."""
    for cls in type(error).__mro__:
        if cls in REFUSALS:
            status, message = REFUSALS[cls]
            return Refusal(status, message, _log_reason(error))
    return Refusal(
        500,
        'The proxy has an internal error. Tell the operator of the cloud.',
        type(error).__name__,
    )


def _log_reason(error: Exception) -> str:
    if isinstance(error, exceptions.RejoinRefused):
        return f'rejoin key {error.reason}'
    if isinstance(error, exceptions.TokenRefused):
        return f'token {error.reason}'
    # The text may come from a compute host.
    return printable(error)
