# SPDX-License-Identifier: Apache-2.0
"""The colours of the demo's text (ECMA-48, Select Graphic Rendition)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO


class Style:
    """
    :param colours: False returns every text unchanged
    """

    def __init__(self, colours: bool):
        self._colours = colours

    @classmethod
    def of(cls, stream: TextIO, environment: Mapping[str, str]) -> Style:
        """Return the style for a stream: colours only where it is a terminal.

        ``NO_COLOR`` disables them (https://no-color.org).
        """
        refused = environment.get('NO_COLOR') or environment.get('TERM') == 'dumb'
        return cls(stream.isatty() and not refused)

    def heading(self, text: str) -> str:
        return self._sgr('1', text)

    def link(self, text: str) -> str:
        return self._sgr('4;36', text)

    def note(self, text: str) -> str:
        return self._sgr('2', text)

    def _sgr(self, parameters: str, text: str) -> str:
        return f'\x1b[{parameters}m{text}\x1b[0m' if self._colours else text
