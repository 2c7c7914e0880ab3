# SPDX-License-Identifier: Apache-2.0
"""Another API's PasteDeploy file, read and not loaded: is the filter in it?"""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator, Sequence

FACTORY = 'console_ext.wsgi.filter:factory'

# Nova's filter that says who is asking.
_IDENTITY = 'keystonecontext'


def faults(path: str, config_files: Sequence[str], strategy: str) -> list[str]:
    """What is wrong with the filter's place in a file; nothing, if it is empty.

    :param config_files: those that the filter is to read
    :param strategy: the key of the pipelines that count, where a section has several
    """
    parser = configparser.RawConfigParser(strict=False)
    # PasteDeploy's keys are paths and names of filters.
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        with open(path, encoding='utf-8') as file:
            parser.read_file(file)
    except OSError as error:
        return [f'it cannot be read: {error.strerror}']
    except (UnicodeDecodeError, configparser.Error) as error:
        return [f'it is no PasteDeploy file: {type(error).__name__}']
    ours = [
        section
        for section in parser.sections()
        if parser.get(section, 'paste.filter_factory', fallback='') == FACTORY
    ]
    if not ours:
        return [f'no section has paste.filter_factory = {FACTORY}']
    names = {section.partition(':')[2] for section in ours}
    return [
        *_reading_others(parser, ours, config_files),
        *_misplaced(list(_pipelines(parser, strategy)), names),
    ]


def _reading_others(
    parser: configparser.RawConfigParser, ours: list[str], config_files: Sequence[str]
) -> Iterator[str]:
    expected = os.pathsep.join(config_files)
    for section in ours:
        # PasteDeploy's escape.
        said = parser.get(section, 'config_files', fallback='').replace('%%', '%')
        if said and said != expected:
            yield f'[{section}] config_files = {said}, and not {expected}'


def _pipelines(
    parser: configparser.RawConfigParser, strategy: str
) -> Iterator[tuple[str, list[str]]]:
    """Each by its section and key, from its first filter to its application."""
    for section in parser.sections():
        for key in ('pipeline', strategy):
            names = parser.get(section, key, fallback='').split()
            if names:
                yield f'[{section}] {key}', names


def _misplaced(pipelines: list[tuple[str, list[str]]], ours: set[str]) -> Iterator[str]:
    applications = {names[-1] for _, names in pipelines if ours & set(names[:-1])}
    if not applications:
        yield f'no pipeline names {" or ".join(sorted(ours))}'
    for where, names in pipelines:
        places = [place for place, name in enumerate(names) if name in ours]
        if names[-1] in applications and not places:
            yield f'{where} leads to {names[-1]} past the filter'
        if places and _IDENTITY in names and names.index(_IDENTITY) > places[0]:
            yield f'{where} has the filter in front of {_IDENTITY}, which it needs'
