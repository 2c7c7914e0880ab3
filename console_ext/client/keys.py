# SPDX-License-Identifier: Apache-2.0
"""Finds the escape key in typed and pasted input."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PASTE_BEGINS = b'\x1b[200~'
_PASTE_ENDS = b'\x1b[201~'

# Keys that cannot be the escape key, with the reason.
_RESERVED = {
    '^[': 'the sequences of the arrow keys begin with it',
    '^M': 'it is the Enter key',
}

# Modifiers in a sequence: Control; and Caps Lock and Num Lock, which may be on.
_CONTROL = 4
_LOCKS = 64 | 128


class InvalidKey(ValueError):
    """The key cannot be the escape key; the text has the reason."""


@dataclass(frozen=True, slots=True)
class EscapeKey:
    """A key that is pressed together with Control.

    :param name: in caret notation, as ``^]``
    :param byte: what a terminal sends for it
    """

    name: str
    byte: bytes

    @classmethod
    def parse(cls, text: str) -> EscapeKey | None:
        """
        :param text: ``^`` and a character, or ``none``
        :returns: None for ``none``
        :raises InvalidKey: the text is neither, or names a key that has another use
        """
        if text == 'none':
            return None
        name = text.upper()
        if not re.fullmatch(r'\^[@-_?]', name):
            raise InvalidKey(f"{text!r} is neither a key such as '^]' nor 'none'")
        if name in _RESERVED:
            raise InvalidKey(f'{text!r} cannot be the escape key: {_RESERVED[name]}')
        return cls(name, bytes([ord(name[1]) ^ 0x40]))

    def sequence(self) -> re.Pattern[bytes]:
        """Return a pattern for the sequences that terminals may send for the key.

        ``CSI code;modifiers u`` is kitty's keyboard protocol, and ``CSI
        27;modifiers;code ~`` is xterm's modifyOtherKeys.  Programs in a guest, such as
        the shell fish, enable them.
        """
        code = ord(self.name[1].lower())
        return re.compile(
            rb'\x1b\[(?:%d(?::\d*)*;(?P<kitty>\d+)(?::[12])?u|27;(?P<xterm>\d+);%d~)'
            % (code, code)
        )


def _is_control(modifiers: bytes) -> bool:
    return (int(modifiers[:4]) - 1) & ~_LOCKS == _CONTROL


@dataclass(frozen=True, slots=True)
class Typed:
    """
    :param data: for the guest
    :param left: whether the escape key ends the session; input after it is discarded
    """

    data: bytes
    left: bool = False


class Scanner:
    """Finds the escape key in chunks of input.

    * Pressing the key once ends the session.  Pressing it twice sends it to the guest
      once.  Therefore, while :attr:`pending`, the caller waits briefly before it ends
      the session.
    * Any other byte after the key ends the session immediately, even in a later chunk.
    * Inside a bracketed paste, the key is ordinary text.  A chunk that only contains
      the key is always a key press, so that the user can leave even if a paste never
      ends.

    :param key: None for no escape key
    """

    def __init__(self, key: EscapeKey | None):
        self._key = key
        self._pasting = False
        # The possible beginning of a paste marker, which has already been passed on.
        self._before = b''
        self.pending = False
        if key is None:
            return
        self._sequence = key.sequence()
        self._tokens = re.compile(
            b'|'.join(
                [
                    re.escape(_PASTE_BEGINS),
                    re.escape(_PASTE_ENDS),
                    re.escape(key.byte),
                    self._sequence.pattern,
                ]
            )
        )

    def feed(self, chunk: bytes) -> Typed:
        if self._key is None or not chunk:
            return Typed(chunk)
        data = bytearray()
        seen = len(self._before)
        chunk = self._before + chunk
        position = seen
        for found in self._tokens.finditer(chunk):
            if found.end() <= seen:
                continue
            if self.pending and found.start() > position:
                return self._leave(data)
            token = found.group()
            if token in (_PASTE_BEGINS, _PASTE_ENDS):
                if self.pending:
                    return self._leave(data)
                self._pasting = token == _PASTE_BEGINS
                continue
            if not self._is_pressed(found, alone=len(token) == len(chunk) - seen):
                continue
            data += chunk[position : found.start()]
            position = found.end()
            if self.pending:
                data += self._key.byte
            self.pending = not self.pending
        if self.pending and position < len(chunk):
            return self._leave(data)
        data += chunk[position:]
        self._before = _beginning_of_a_marker(chunk)
        return Typed(bytes(data))

    def _is_pressed(self, found: re.Match[bytes], *, alone: bool) -> bool:
        modifiers = found['kitty'] or found['xterm']
        if modifiers is not None and not _is_control(modifiers):
            return False
        return alone or not self._pasting

    def _leave(self, data: bytearray) -> Typed:
        self.pending = False
        return Typed(bytes(data), left=True)


def _beginning_of_a_marker(chunk: bytes) -> bytes:
    """Return the end of a chunk that may be the beginning of a paste marker."""
    for length in range(min(len(chunk), len(_PASTE_BEGINS) - 1), 0, -1):
        end = chunk[-length:]
        if _PASTE_BEGINS.startswith(end) or _PASTE_ENDS.startswith(end):
            return end
    return b''
