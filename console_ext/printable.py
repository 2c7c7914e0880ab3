# SPDX-License-Identifier: Apache-2.0
"""Makes untrusted text safe for a log."""

from __future__ import annotations

MAX_LENGTH = 400


def printable(text: object, most: int = MAX_LENGTH) -> str:
    """Return a text in one line with escaped control characters.

    It is for texts from compute hosts, the message bus and clients.  A line feed could
    forge a log line, and an escape sequence could change what a terminal shows.

    :param most: the number of characters to keep; a longer text ends with the number
        of characters that were removed
    """
    whole = str(text)
    kept = whole[:most]
    if not kept.isprintable():
        kept = ''.join(
            one if one.isprintable() else one.encode('unicode_escape').decode('ascii')
            for one in kept
        )
    left_out = len(whole) - most
    return kept if left_out <= 0 else f'{kept}… ({left_out} more characters)'
