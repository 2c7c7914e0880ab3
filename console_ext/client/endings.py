# SPDX-License-Identifier: Apache-2.0
"""The reasons for which a console ends, and the exit statuses."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from console_ext.client.urls import without_tokens
from console_ext.printable import printable

# console-ext-proxy refuses with a sentence; other servers may return a page.
_LONGEST_SENTENCE = 300

# "1014 bad gateway" is in IANA's registry, not in RFC 6455.
_TRY_AGAIN = frozenset({1001, 1006, 1011, 1012, 1013, 1014})

# Statuses that another attempt may change.
_TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504})

_UNKNOWN = 1006

# The close code of a refusal is this number plus its HTTP status.
_REFUSED = 4000

# The proxy's Retry-After, which a close frame does not have.
_PAUSES_S = {429: '10', 503: '10'}


class Status(enum.IntEnum):
    """The exit statuses."""

    LEFT = 0
    REFUSED = 1
    USAGE = 2
    LOST = 3

    @staticmethod
    def of_signal(number: int) -> int:
        """Return the status that shells use for a program ended by a signal."""
        return 128 + number


class NotOpened(Exception):
    """A console cannot be opened; the text is a sentence for the user.

    :param again: whether another attempt may succeed
    :param after_s: how long to wait before it, if the server has requested that
    :param status: the HTTP status of a refusal; 0 for other reasons
    """

    def __init__(
        self, sentence: str, *, again: bool, after_s: float = 0.0, status: int = 0
    ):
        super().__init__(sentence_of(sentence))
        self.again = again
        self.after_s = after_s
        self.status = status


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of a connection.

    :param by_guest: whether the console has ended normally
    :param again: whether reconnecting may succeed
    """

    sentence: str
    by_guest: bool
    again: bool


def closed(code: int | None, reason: str) -> Closed:
    """Interpret a close frame.

    :param code: None if the connection ended without a close frame
    """
    code = _UNKNOWN if code is None else code
    if code == 1000:
        said = reason or 'The console was closed.'
        return Closed(sentence_of(said), by_guest=True, again=False)
    said = reason or 'The connection was lost.'
    again = code in _TRY_AGAIN or code - _REFUSED in _TRANSIENT_STATUSES
    return Closed(sentence_of(said), by_guest=False, again=again)


def refused(status: int, body: bytes, retry_after: str | None) -> NotOpened:
    """Interpret a response other than 101.

    :param body: the server's sentence, or a page that cannot be shown
    """
    said = body.decode('utf-8', 'replace').strip()
    if not said or '<' in said or len(said) > _LONGEST_SENTENCE:
        said = 'The console proxy refused the connection.'
    seconds = float(retry_after) if retry_after and retry_after.isdecimal() else 0.0
    return NotOpened(
        f'{said} (HTTP {status})',
        again=status in _TRANSIENT_STATUSES,
        after_s=seconds,
        status=status,
    )


def refused_inside(code: int, reason: str) -> NotOpened | None:
    """Interpret a close frame as a refusal, as in the subprotocol console-ext.v1.

    :returns: None if the close frame is not a refusal
    """
    status = code - _REFUSED
    if not 400 <= status <= 599:
        return None
    return refused(status, reason.encode(), _PAUSES_S.get(status))


def sentence_of(text: str) -> str:
    """Return untrusted text in one line, without tokens and control characters."""
    return printable(without_tokens(' '.join(text.split())))
