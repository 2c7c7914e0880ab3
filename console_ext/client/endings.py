# SPDX-License-Identifier: Apache-2.0
"""How the use of a console ends, and which exit status that is."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from console_ext.client.urls import without_tokens
from console_ext.printable import printable

# A refusal of our proxy is a sentence; what another server says may be a page.
_LONGEST_SENTENCE = 300

# "1014 bad gateway" is in IANA's registry, not in RFC 6455.
_TRY_AGAIN = frozenset({1001, 1006, 1011, 1012, 1013, 1014})

# Statuses that another attempt may change.
_TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504})

_UNKNOWN = 1006


class Status(enum.IntEnum):
    """The exit statuses."""

    LEFT = 0
    REFUSED = 1
    USAGE = 2
    LOST = 3

    @staticmethod
    def of_signal(number: int) -> int:
        """The status that shells give to a program that a signal has ended."""
        return 128 + number


class NotOpened(Exception):
    """A console does not open; the text is a sentence for the user.

    :param again: whether it makes sense to try again
    :param after_s: how long to wait before that, where the server says so
    """

    def __init__(self, sentence: str, *, again: bool, after_s: float = 0.0):
        super().__init__(sentence_of(sentence))
        self.again = again
        self.after_s = after_s


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of a connection that was open.

    :param by_guest: whether the console has ended as it should
    :param again: whether it makes sense to connect again
    """

    sentence: str
    by_guest: bool
    again: bool


def closed(code: int | None, reason: str) -> Closed:
    """What a close frame means.

    :param code: None where the connection ended without one
    """
    code = _UNKNOWN if code is None else code
    if code == 1000:
        said = reason or 'The console was closed.'
        return Closed(sentence_of(said), by_guest=True, again=False)
    said = reason or 'The connection was lost.'
    return Closed(sentence_of(said), by_guest=False, again=code in _TRY_AGAIN)


def refused(status: int, body: bytes, retry_after: str | None) -> NotOpened:
    """What a response in the place of the 101 means.

    :param body: the server's sentence, or a page that is not fit to be shown
    """
    said = body.decode('utf-8', 'replace').strip()
    if not said or '<' in said or len(said) > _LONGEST_SENTENCE:
        said = 'The console proxy refused the connection.'
    seconds = float(retry_after) if retry_after and retry_after.isdecimal() else 0.0
    return NotOpened(
        f'{said} (HTTP {status})', again=status in _TRANSIENT_STATUSES, after_s=seconds
    )


def sentence_of(text: str) -> str:
    """What others say, in one line without tokens and control characters."""
    return printable(without_tokens(' '.join(text.split())))
