# SPDX-License-Identifier: Apache-2.0
"""Reads the documentation: its pages and their literal blocks."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / 'README.rst'
SOURCE = ROOT / 'doc' / 'source'
API_REFERENCE = ROOT / 'api-ref' / 'source'

_CODE = re.compile(r'(?P<indent> *)(?:\d+\. +)?\.\. code-block:: (?P<language>\S+)')
_LITERAL = re.compile(r'(?P<indent> *)(?!\.\. ).*::')


@dataclass(frozen=True, slots=True)
class Block:
    """
    :param page: its file, below doc/source
    :param language: of a ``code-block``; empty for a plain literal block
    """

    page: str
    language: str
    text: str


def pages() -> list[Path]:
    """Return every page below doc/source."""
    return sorted(SOURCE.rglob('*.rst'))


def blocks(path: Path) -> Iterator[Block]:
    """Return the literal blocks of a page, without their indentation."""
    name = str(path.relative_to(SOURCE if path.is_relative_to(SOURCE) else ROOT))
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        match = _CODE.fullmatch(line) or _LITERAL.fullmatch(line)
        if match is None:
            continue
        inside = []
        for following in lines[number + 1 :]:
            indent = len(following) - len(following.lstrip())
            if following.strip() and indent <= len(match['indent']):
                break
            inside.append(following)
        text = textwrap.dedent('\n'.join(inside)).strip('\n') + '\n'
        yield Block(name, match.groupdict().get('language', ''), text)


def all_blocks(language: str | None = None) -> list[Block]:
    """
    :param language: of the blocks; None for those of any
    """
    return [
        block
        for path in [README, *pages()]
        for block in blocks(path)
        if language is None or block.language == language
    ]


def block(page: str, begins: str) -> str:
    """The one block of a page whose first line is this.

    :param page: its file, below doc/source
    """
    found = [
        one.text
        for one in blocks(SOURCE / page)
        if one.text.partition('\n')[0] == begins
    ]
    assert found, f'{page} has no block that begins with {begins!r}'
    return found[0]


def commands(program: str) -> list[list[str]]:
    """Return every command line of a program in the blocks, split into words."""
    found = []
    for one in all_blocks():
        text = one.text.replace('\\\n', ' ')
        for line in text.splitlines():
            words = line.split()
            # A synopsis contains brackets.
            if words and words[0] == program and '[' not in line:
                found.append(words)
    return found
