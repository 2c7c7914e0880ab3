# SPDX-License-Identifier: Apache-2.0
"""Maps URLs to operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from wsgiref.types import WSGIEnvironment

import routes

from console_ext.wsgi.operation import Operation, Operations, each_operation

# As in Nova, a project id in the URL consists of hexadecimal digits and dashes.
_PROJECT = '/{project_id:[0-9a-f-]+}'


class Match(NamedTuple):
    """
    :param args: the decoded variables of the URL
    :param template: the path as passed to :meth:`Router.connect`, without the project
    """

    operations: Operations
    args: dict[str, str]
    template: str = ''

    @property
    def is_action(self) -> bool:
        return isinstance(self.operations, Mapping)


class Row(NamedTuple):
    """A row of the route table, for display.

    :param action: the key in the body; None for a method of a resource
    :param policy: one rule; an operation that chooses among several has a row for each
    """

    method: str
    path: str
    action: str | None
    microversions: str
    policy: str
    extension: str


class Router:
    """Routes, each with and without a leading project id."""

    def __init__(self) -> None:
        # explicit: a route only has the variables that its path names.
        self._mapper = routes.Mapper(explicit=True)
        self._mapper.minimization = False
        self._routes: list[tuple[str, str, Operations]] = []

    def connect(self, method: str, path: str, operations: Operations) -> None:
        """
        :param path: in the syntax of Routes, as in ``/servers/{server_id}/action``
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
        """Return the route for a request's method and path, or None."""
        found = self._mapper.routematch(environ.get('PATH_INFO') or '/', environ)
        if not found:
            return None
        args = dict(found[0])
        _, template, operations = self._routes[int(args.pop('number'))]
        try:
            # WSGI passes the bytes of the path as Latin-1 text (PEP 3333).
            args = {
                key: value.encode('latin-1').decode('utf-8')
                for key, value in args.items()
            }
        except UnicodeError:
            return None
        return Match(operations, args, template)

    def operations(self) -> Iterator[Operation]:
        """Yield all operations of all routes."""
        for _, _, operations in self._routes:
            yield from each_operation(operations)

    def rows(self) -> Iterator[Row]:
        for method, path, operations in self._routes:
            for operation in each_operation(operations):
                for rule in operation.rules:
                    yield Row(
                        method,
                        path,
                        operation.action,
                        str(operation.versions),
                        rule,
                        operation.alias,
                    )
