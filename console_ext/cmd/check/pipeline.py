# SPDX-License-Identifier: Apache-2.0
"""Checks the filter's place in a PasteDeploy file, without loading the file."""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator, Sequence

FACTORY = 'console_ext.wsgi.filter:factory'
APPLICATION = 'console_ext.standalone.app:factory'

# Nova's filter that builds its context from keystonemiddleware's headers.
_NOVA_CONTEXT = 'nova.api.auth:NovaKeystoneContext.factory'

_KEYSTONE = ('auth_token', 'oauth2_mtls_token', 'oauth2_token')

# The factories of the filters that authenticate the caller.
AUTHENTICATION = frozenset(
    {
        *(f'keystonemiddleware.{name}:filter_factory' for name in _KEYSTONE),
        'console_ext.standalone.middleware.keystone:filter_factory',
        'console_ext.standalone.middleware.noauth:filter_factory',
        # In older releases of Nova.
        'nova.api.openstack.auth:NoAuthMiddleware.factory',
    }
)


class PasteFile:
    """
    :raises ValueError: with the reason why the file cannot be read
    """

    def __init__(self, path: str):
        parser = configparser.RawConfigParser(strict=False)
        # PasteDeploy's keys are paths and names of filters.
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            with open(path, encoding='utf-8') as file:
                parser.read_file(file)
        except OSError as error:
            raise ValueError(f'it cannot be read: {error.strerror}') from None
        except (UnicodeDecodeError, configparser.Error) as error:
            raise ValueError(
                f'it is not a PasteDeploy file: {type(error).__name__}'
            ) from None
        self._parser = parser

    def sections(self) -> list[str]:
        return self._parser.sections()

    def value(self, section: str, key: str) -> str:
        """Return an option of a section or of ``[DEFAULT]``; empty if it is not set."""
        # PasteDeploy escapes a percent sign by another one.
        return self._parser.get(section, key, fallback='').replace('%%', '%')

    def pipelines(self, strategy: str) -> Iterator[tuple[str, list[str]]]:
        """Yield each pipeline: its section and key, and its names in order."""
        for section in self._parser.sections():
            for key in ('pipeline', strategy):
                names = self._parser.get(section, key, fallback='').split()
                if names:
                    yield f'[{section}] {key}', names

    def factory(self, name: str) -> str:
        """Return the factory of a filter or an application; empty if it is unknown.

        :param name: a section's name or a PasteDeploy URI, as in a pipeline
        """
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            scheme, _, rest = name.partition(':')
            if scheme == 'call':
                return rest
            if scheme == 'egg':
                return _of_package(rest)
            for section in self._parser.sections():
                if name in (section, section.partition(':')[2]):
                    break
            else:
                return ''
            for key, value in self._parser.items(section):
                if key.startswith('paste.') and key.endswith('_factory'):
                    return value.strip()
            name = self.value(section, 'use').strip()
        return ''


def _of_package(entry_point: str) -> str:
    package, _, name = entry_point.partition('#')
    if package == 'keystonemiddleware' and name in _KEYSTONE:
        return f'{package}.{name}:filter_factory'
    return ''


def faults(path: str, config_files: Sequence[str], strategy: str) -> list[str]:
    """Return the problems of the filter's place in a file; an empty list for none.

    :param config_files: the files that the filter must read
    :param strategy: the key of the relevant pipelines, if a section has several
    """
    try:
        file = PasteFile(path)
    except ValueError as error:
        return [str(error)]
    ours = [section for section in file.sections() if file.factory(section) == FACTORY]
    if not ours:
        return [f'no section has paste.filter_factory = {FACTORY}']
    pipelines = [
        (where, names, [file.factory(name) for name in names])
        for where, names in file.pipelines(strategy)
    ]
    in_nova = any(
        factory.startswith('nova.')
        for _, _, factories in pipelines
        if FACTORY in factories
        for factory in factories
    )
    names = {section.partition(':')[2] for section in ours}
    return [
        *_wrong_files(file, ours, config_files, in_nova),
        *_misplaced(pipelines, names),
        *_unauthenticated(pipelines),
    ]


def open_pipelines(path: str, strategy: str) -> list[str]:
    """Return the problems of pipelines that use the extensions without authentication.

    :param strategy: see :func:`faults`
    :returns: one text for each pipeline, or the reason why the file cannot be read
    """
    try:
        file = PasteFile(path)
    except ValueError as error:
        return [str(error)]
    return list(
        _unauthenticated(
            [
                (where, names, [file.factory(name) for name in names])
                for where, names in file.pipelines(strategy)
            ]
        )
    )


# For each pipeline: its section and key, its names, and their factories.
_Pipelines = list[tuple[str, list[str], list[str]]]


def _wrong_files(
    file: PasteFile, ours: list[str], config_files: Sequence[str], in_nova: bool
) -> Iterator[str]:
    expected = os.pathsep.join(config_files)
    for section in ours:
        said = file.value(section, 'config_files')
        relative = [
            one for one in said.split(os.pathsep) if one and not os.path.isabs(one)
        ]
        if not said and in_nova:
            yield (
                f"[{section}] has no config_files, so Nova's policy and message bus "
                f'are unknown: add config_files = {expected}'
            )
        elif relative:
            yield (
                f'[{section}] config_files contains the relative path {relative[0]}, '
                'which depends on the working directory of the API: use the full path'
            )
        elif said and said != expected:
            yield f'[{section}] config_files = {said}, but check reads {expected}'


def _misplaced(pipelines: _Pipelines, ours: set[str]) -> Iterator[str]:
    applications = {
        names[-1] for _, names, factories in pipelines if FACTORY in factories[:-1]
    }
    if not applications:
        yield f'no pipeline contains {" or ".join(sorted(ours))}: add it'
    for where, names, factories in pipelines:
        if names[-1] in applications and FACTORY not in factories:
            yield f'{where} leads to {names[-1]} without the filter: add the filter'
        if FACTORY in factories:
            behind = factories[factories.index(FACTORY) :]
            if _NOVA_CONTEXT in behind:
                name = names[factories.index(_NOVA_CONTEXT)]
                yield f'{where} has the filter before {name}: move it behind {name}'


def _unauthenticated(pipelines: _Pipelines) -> Iterator[str]:
    for where, names, factories in pipelines:
        places = [
            place
            for place, factory in enumerate(factories)
            if factory in (FACTORY, APPLICATION)
        ]
        if places and not AUTHENTICATION.intersection(factories[: places[0]]):
            yield (
                f'{where} has no known authentication filter before '
                f"{names[places[0]]}: add one, such as keystonemiddleware's auth_token"
            )
