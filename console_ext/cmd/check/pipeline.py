# SPDX-License-Identifier: Apache-2.0
"""A PasteDeploy file, read and not loaded: where do the extensions stand in it?"""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator, Sequence

FACTORY = 'console_ext.wsgi.filter:factory'
APPLICATION = 'console_ext.standalone.app:factory'

# Nova's filter that makes its context of keystonemiddleware's headers.
_NOVA_CONTEXT = 'nova.api.auth:NovaKeystoneContext.factory'

_KEYSTONE = ('auth_token', 'oauth2_mtls_token', 'oauth2_token')

# The factories of the filters that find out who is asking.
AUTHENTICATION = frozenset(
    {
        *(f'keystonemiddleware.{name}:filter_factory' for name in _KEYSTONE),
        'console_ext.standalone.middleware.keystone:filter_factory',
        'console_ext.standalone.middleware.noauth:filter_factory',
        # Of older Novas.
        'nova.api.openstack.auth:NoAuthMiddleware.factory',
    }
)


class PasteFile:
    """
    :raises ValueError: it cannot be read; the text says why
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
                f'it is no PasteDeploy file: {type(error).__name__}'
            ) from None
        self._parser = parser

    def sections(self) -> list[str]:
        return self._parser.sections()

    def value(self, section: str, key: str) -> str:
        """An option, or that of ``[DEFAULT]``; empty where there is neither."""
        # PasteDeploy's escape.
        return self._parser.get(section, key, fallback='').replace('%%', '%')

    def pipelines(self, strategy: str) -> Iterator[tuple[str, list[str]]]:
        """Each by its section and key, from its first filter to its application."""
        for section in self._parser.sections():
            for key in ('pipeline', strategy):
                names = self._parser.get(section, key, fallback='').split()
                if names:
                    yield f'[{section}] {key}', names

    def factory(self, name: str) -> str:
        """What makes a filter or an application; empty where the file does not say.

        :param name: as a pipeline has it: of a section, or a URI of PasteDeploy's
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
    """What is wrong with the filter's place in a file; nothing, if it is empty.

    :param config_files: those that the filter is to read
    :param strategy: the key of the pipelines that count, where a section has several
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
        *_reading_others(file, ours, config_files, in_nova),
        *_misplaced(pipelines, names),
        *_open(pipelines),
    ]


def open_pipelines(path: str, strategy: str) -> list[str]:
    """The pipelines that lead to the extensions, and in which nobody authenticates.

    :param strategy: as for :func:`faults`
    :returns: what is wrong with each; the reason, for a file that cannot be read
    """
    try:
        file = PasteFile(path)
    except ValueError as error:
        return [str(error)]
    return list(
        _open(
            [
                (where, names, [file.factory(name) for name in names])
                for where, names in file.pipelines(strategy)
            ]
        )
    )


# Where it is, its names, and their factories.
_Pipelines = list[tuple[str, list[str], list[str]]]


def _reading_others(
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
                f"[{section}] has no config_files, so that Nova's policy and message "
                f'bus are not read: config_files = {expected}'
            )
        elif relative:
            yield (
                f'[{section}] config_files names {relative[0]} by a relative path, '
                'which depends on the directory that the API is started in'
            )
        elif said and said != expected:
            yield f'[{section}] config_files = {said}, and not {expected}'


def _misplaced(pipelines: _Pipelines, ours: set[str]) -> Iterator[str]:
    applications = {
        names[-1] for _, names, factories in pipelines if FACTORY in factories[:-1]
    }
    if not applications:
        yield f'no pipeline names {" or ".join(sorted(ours))}'
    for where, names, factories in pipelines:
        if names[-1] in applications and FACTORY not in factories:
            yield f'{where} leads to {names[-1]} past the filter'
        if FACTORY in factories:
            behind = factories[factories.index(FACTORY) :]
            if _NOVA_CONTEXT in behind:
                name = names[factories.index(_NOVA_CONTEXT)]
                yield f'{where} has the filter in front of {name}, which it needs'


def _open(pipelines: _Pipelines) -> Iterator[str]:
    for where, names, factories in pipelines:
        places = [
            place
            for place, factory in enumerate(factories)
            if factory in (FACTORY, APPLICATION)
        ]
        if places and not AUTHENTICATION.intersection(factories[: places[0]]):
            yield (
                f'{where} has no filter in front of {names[places[0]]} that is known '
                "to authenticate (keystonemiddleware's auth_token, for example)"
            )
