# SPDX-License-Identifier: Apache-2.0
"""Texts of others, made fit for a log."""

from __future__ import annotations

MAX_LENGTH = 400


def printable(text: object, most: int = MAX_LENGTH) -> str:
    """A text in one line that no terminal obeys, as Python writes it in a string.

    For whatever a compute host, the message bus or a client says: a line feed in it
    would forge a line, and an escape sequence rewrite what is on the screen.

    :param most: characters that are kept; how many are left out is said at the end
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
