# SPDX-License-Identifier: Apache-2.0
"""The look-up that reads Nova's databases, for the filter in nova-api.

It reads two rows: the server's mapping in the API database, which has its project and
its cell, and the instance in the cell's database.  Nova is imported only if this
look-up is configured.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from dataclasses import dataclass
from typing import Any, TypeVar
from wsgiref.types import WSGIApplication

from oslo_config import cfg

from console_ext import exceptions
from console_ext.context import RequestContext
from console_ext.executor import BoundedExecutor, Busy
from console_ext.lanes import Lanes
from console_ext.servers.base import LookUp, Server, Source

T = TypeVar('T')

LOG = logging.getLogger(__name__)

# A valid id that no server has.
_NO_SERVER = '00000000-0000-0000-0000-000000000000'

_ID = re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.ASCII | re.IGNORECASE)


def initialize(config_files: Sequence[str]) -> str:
    """Initialize Nova's libraries, as nova-api does before it loads its pipeline.

    :param config_files: the filter's files: Nova's, then this project's.  They are
        parsed in the opposite order, so that Nova's ``[database]`` section wins.
    :returns: Nova's version
    :raises ConfigurationError: Nova is not installed
    """
    try:
        from nova import config, objects, version
    except ImportError as error:
        raise _nova_is_missing(error) from None
    # By default Nova retries for minutes without a log message.
    for group in ('DATABASE', 'API_DATABASE'):
        os.environ[f'OS_{group}__MAX_RETRIES'] = '0'
    config.parse_args(
        ['nova-api'], default_config_files=[*config_files[-1:], *config_files[:-1]]
    )
    objects.register_all()
    return str(version.version_string())


def has_files(conf: cfg.ConfigOpts) -> bool:
    """Whether Nova's own files are among the configuration files.

    Every nova-api has ``[api_database] connection``, so that option is the evidence.
    """
    database = cfg.StrOpt('connection', secret=True)
    conf.register_opt(database, group='api_database')
    return bool(conf.api_database.connection)


def is_part_of(application: object) -> bool:
    """Whether a WSGI application is Nova's, judging by its module."""
    module = getattr(application, '__module__', None) or ''
    return module.partition('.')[0] == 'nova'


def require_files(conf: cfg.ConfigOpts) -> None:
    """
    :raises ConfigurationError: Nova's own files are not among the configuration files
    """
    if not has_files(conf):
        read = ', '.join(conf.config_file or []) or 'none'
        raise exceptions.ConfigurationError(
            "the filter in Nova needs Nova's own configuration files, for the policy "
            f'and the message bus. Files read: {read}. List nova.conf first in the '
            "filter's section of api-paste.ini: config_files = "
            '/etc/nova/nova.conf:/etc/console_ext/console_ext.conf'
        )


def _nova_is_missing(error: ImportError) -> exceptions.ConfigurationError:
    return exceptions.ConfigurationError(
        f'[api] servers = nova: Nova cannot be imported ({error}). Install console-ext '
        "into Nova's Python environment, or choose another look-up."
    )


@dataclass(frozen=True, slots=True)
class _CellQuery:
    """A query for a server in the database of its cell.

    :param administrator: Nova's context for the query
    :param cell: Nova's CellMapping
    """

    administrator: Any
    cell: Any
    server_id: str


class NovaLookUp(LookUp):
    """Finds servers through Nova's objects.

    Queries run in threads, so that a caller waits for ``[api] look_up_timeout`` at
    most.  Nova itself waits for minutes if a database is down.  Each cell has its own
    lane in these threads, so that its database delays no other cell.
    """

    # Concurrent queries in a process.
    MAX_CONCURRENT = 50
    MAX_CONCURRENT_PER_CELL = 10

    def __init__(self, conf: cfg.ConfigOpts, application: WSGIApplication | None):
        try:
            from nova import context, exception, objects
            from oslo_db import exception as db_exception
            from sqlalchemy import exc as sqlalchemy_exception
        except ImportError as error:
            raise _nova_is_missing(error) from None
        # nova-api registers its objects before it loads its pipeline.
        if not hasattr(objects, 'InstanceMapping'):
            raise exceptions.ConfigurationError(
                '[api] servers = nova works only in nova-api, as a filter. Choose '
                'another look-up for the stand-alone API.'
            )
        require_files(conf)
        self._timeout_s = conf.api.look_up_timeout
        self._executor = BoundedExecutor(
            self.MAX_CONCURRENT, 'console-look-up', self.MAX_CONCURRENT
        )
        self._cells = Lanes(
            self._executor, self.MAX_CONCURRENT_PER_CELL, self.MAX_CONCURRENT
        )
        self._context = context
        self._objects = objects
        self._not_found = (
            exception.InstanceMappingNotFound,
            exception.InstanceNotFound,
            exception.BuildRequestNotFound,
        )
        self._unavailable = (
            db_exception.DBError,
            db_exception.CantStartEngineError,
            sqlalchemy_exception.SQLAlchemyError,
        )

    def get(self, context: RequestContext, server_id: str) -> Server:
        """
        :raises ServersUnavailable: a database cannot be reached
        """
        # Nova accepts ids without dashes, but then finds no server.
        if _ID.fullmatch(server_id) is None:
            raise exceptions.ServerNotFound(server_id)
        deadline = self._deadline()
        find = functools.partial(self._find, context, server_id)
        try:
            found = self._result(lambda: self._executor.submit(find), deadline)
            if isinstance(found, Server):
                return found
            return self._in_lane(found, deadline)
        except self._not_found:
            raise exceptions.ServerNotFound(server_id) from None

    def sources(self) -> Iterator[Source]:
        """Yield the cells, which Nova's API database lists."""
        administrator = self._context.get_admin_context()

        def read() -> list[Any]:
            return list(self._objects.CellMappingList.get_all(administrator))

        cells = self._result(lambda: self._executor.submit(read), self._deadline())
        for cell in cells:
            yield Source(
                f'cell {cell.name or cell.uuid}',
                functools.partial(self._try, administrator, cell),
                None if cell.is_cell0() else cell.transport_url,
            )

    def _deadline(self) -> float:
        return time.monotonic() + float(self._timeout_s)

    def _in_lane(self, query: _CellQuery, deadline: float) -> Server:
        """Read a server in the lane of its cell."""
        return self._result(
            lambda: self._cells.submit(
                query.cell.uuid, functools.partial(self._in_cell, query)
            ),
            deadline,
        )

    def _result(self, submit: Callable[[], futures.Future[T]], deadline: float) -> T:
        """Wait for a query's result.

        :param submit: starts the query
        :param deadline: on the monotonic clock, in seconds
        :raises ServersUnavailable: the reason is in the log
        """
        try:
            query = submit()
            try:
                return query.result(max(0.0, deadline - time.monotonic()))
            finally:
                # It may still wait for a thread.
                query.cancel()
        except (Busy, TimeoutError):
            LOG.error(
                "Nova's databases did not answer within [api] look_up_timeout = %g s",
                self._timeout_s,
            )
            raise exceptions.ServersUnavailable from None
        except self._unavailable as error:
            LOG.error(
                "Nova's database failed: %s: %s",
                type(error).__name__,
                # Further lines may quote a statement with its values.
                next(iter(str(error).splitlines()), ''),
            )
            raise exceptions.ServersUnavailable from None

    def _find(self, context: RequestContext, server_id: str) -> Server | _CellQuery:
        """Read Nova's API database, which has a server itself until it is in a cell."""
        # As an administrator, because context.sees() decides who may see a server.
        # Nova logs the request id.  overwrite, because this thread still holds the
        # context of an earlier request.
        administrator = self._context.RequestContext(
            user_id=context.user_id,
            project_id=context.project_id,
            is_admin=True,
            request_id=context.request_id,
            overwrite=True,
        )
        mapping = self._objects.InstanceMapping.get_by_instance_uuid(
            administrator, server_id
        )
        if not context.sees(mapping.project_id):
            raise exceptions.ServerNotFound(server_id)
        if mapping.cell_mapping is None:
            return self._unscheduled(administrator, server_id)
        return _CellQuery(administrator, mapping.cell_mapping, server_id)

    def _in_cell(self, query: _CellQuery) -> Server:
        query.administrator.update_store()
        cell = query.cell
        with self._context.target_cell(query.administrator, cell) as in_cell:
            instance = self._objects.Instance.get_by_uuid(
                in_cell, query.server_id, expected_attrs=[]
            )
        return _server(instance, cell.uuid, cell.transport_url)

    def _try(self, administrator: Any, cell: Any) -> None:
        query = _CellQuery(administrator, cell, _NO_SERVER)
        with contextlib.suppress(*self._not_found):
            self._in_lane(query, self._deadline())

    def _unscheduled(self, administrator: Any, server_id: str) -> Server:
        """Return a server that is in no cell yet, from its build request."""
        request = self._objects.BuildRequest.get_by_instance_uuid(
            administrator, server_id
        )
        return _server(request.instance, None, None)


def _server(instance: Any, cell: str | None, bus_url: str | None) -> Server:
    return Server(
        id=instance.uuid,
        name=instance.display_name or '',
        project_id=instance.project_id,
        user_id=instance.user_id,
        host=instance.host if 'host' in instance else None,
        vm_state=instance.vm_state,
        task_state=instance.task_state,
        power_state=instance.power_state,
        locked=bool(instance.locked),
        # A build request has no row in a cell yet, and so no key.
        database_id=instance.id if 'id' in instance else None,
        cell=cell,
        bus_url=bus_url,
    )
