# SPDX-License-Identifier: Apache-2.0
"""Which operations a URL leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from wsgiref.types import WSGIEnvironment

import routes

from console_ext.wsgi.operation import Operation, Operations, each

# Nova's: a project in the URL is hex digits and dashes, or it is no project.
_PROJECT = '/{project_id:[0-9a-f-]+}'


class Match(NamedTuple):
    """
    :param args: the variables of the URL, decoded
    :param template: the path as it was connected, without the project
    """

    operations: Operations
    args: dict[str, str]
    template: str = ''

    @property
    def is_action(self) -> bool:
        return isinstance(self.operations, Mapping)


class Row(NamedTuple):
    """A line of the final table.

    :param action: the key of the body; None for a noun's method
    :param policy: the rules that may be asked, with a comma between two
    """

    method: str
    path: str
    action: str | None
    microversions: str
    policy: str
    extension: str


class Router:
    """Routes with and without the project in front."""

    def __init__(self) -> None:
        # Explicit: no route gets variables that its path does not name.
        self._mapper = routes.Mapper(explicit=True)
        self._mapper.minimization = False
        self._routes: list[tuple[str, str, Operations]] = []

    def connect(self, method: str, path: str, operations: Operations) -> None:
        """
        :param path: as Routes has it, ``/servers/{server_id}/action``
        """
        number = str(len(self._routes))
        self._routes.append((method, path, operations))
        for prefix in (_PROJECT, ''):
            self._mapper.connect(
                None,
                prefix + path,
                conditions={'method': [method]},
                number=number,
            )
        self._mapper.create_regs()

    def match(self, environ: WSGIEnvironment) -> Match | None:
        """What a request's method and path lead to; None for nowhere."""
        found = self._mapper.routematch(environ.get('PATH_INFO') or '/', environ)
        if not found:
            return None
        args = dict(found[0])
        _, template, operations = self._routes[int(args.pop('number'))]
        try:
            # WSGI's text is the path's bytes (PEP 3333).
            args = {
                key: value.encode('latin-1').decode('utf-8')
                for key, value in args.items()
            }
        except UnicodeError:
            return None
        return Match(operations, args, template)

    def operations(self) -> Iterator[Operation]:
        """All that a request can lead to."""
        for _, _, operations in self._routes:
            yield from each(operations)

    def rows(self) -> Iterator[Row]:
        for method, path, operations in self._routes:
            for operation in each(operations):
                yield Row(
                    method,
                    path,
                    operation.action,
                    str(operation.versions),
                    ','.join(operation.rules),
                    operation.alias,
                )
