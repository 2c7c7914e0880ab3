# SPDX-License-Identifier: Apache-2.0
"""The look-up in Nova's own databases, for a filter in nova-api.

Two rows: the server's mapping, which says whose it is and in which cell, and then its
own in that cell.  Nova is imported when this look-up is chosen, and not before.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar
from wsgiref.types import WSGIApplication

from oslo_config import cfg

from console_ext import exceptions
from console_ext.context import RequestContext
from console_ext.executor import BoundedExecutor, Busy
from console_ext.servers.base import LookUp, Server, Source

T = TypeVar('T')

LOG = logging.getLogger(__name__)

# No server's, and well-formed.
_NOBODY = '00000000-0000-0000-0000-000000000000'

_ID = re.compile('[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.ASCII | re.IGNORECASE)


def stand_in(config_files: Sequence[str]) -> str:
    """Do what nova-api does before it loads its pipeline, in a program of our own.

    :param config_files: those of the filter: Nova's, and ours at the end.  Ours says
        of ``[database]`` what is not for Nova, so Nova's own word is the last here.
    :returns: Nova's version
    :raises ConfigurationError: there is no Nova
    """
    try:
        from nova import config, objects, version
    except ImportError as error:
        raise _without_nova(error) from None
    # Nova would try again for minutes, and not say why.
    for group in ('DATABASE', 'API_DATABASE'):
        os.environ[f'OS_{group}__MAX_RETRIES'] = '0'
    config.parse_args(
        ['nova-api'], default_config_files=[*config_files[-1:], *config_files[:-1]]
    )
    objects.register_all()
    return str(version.version_string())


def has_files(conf: cfg.ConfigOpts) -> bool:
    """Whether Nova's own files are among those of the configuration.

    Without a database of its API there is no nova-api, so its files name one.
    """
    database = cfg.StrOpt('connection', secret=True)
    conf.register_opt(database, group='api_database')
    return bool(conf.api_database.connection)


def is_part_of(application: object) -> bool:
    """Whether a WSGI application is Nova's, as far as that can be seen."""
    module = getattr(application, '__module__', None) or ''
    return module.partition('.')[0] == 'nova'


def require_files(conf: cfg.ConfigOpts) -> None:
    """
    :raises ConfigurationError: Nova's own files are not among those of the
        configuration
    """
    if not has_files(conf):
        named = ', '.join(conf.config_file or []) or 'no file'
        raise exceptions.ConfigurationError(
            "in a Nova, Nova's own files have to be read, for its policy and its "
            f'message bus: read was {named}; name nova.conf first, as in config_files '
            '= /etc/nova/nova.conf:/etc/console_ext/console_ext.conf in the section of '
            'the filter'
        )


def _without_nova(error: ImportError) -> exceptions.ConfigurationError:
    return exceptions.ConfigurationError(
        f'[api] servers = nova: it needs Nova beside it ({error})'
    )


class NovaLookUp(LookUp):
    """Servers as Nova's objects have them.

    A database that is away is waited for by threads, and by callers for no longer than
    ``[api] look_up_timeout``: Nova itself would wait for minutes.
    """

    # Look-ups under way in one process.
    MOST = 50

    def __init__(self, conf: cfg.ConfigOpts, application: WSGIApplication | None):
        try:
            from nova import context, exception, objects
            from oslo_db import exception as db_exception
            from sqlalchemy import exc as sqlalchemy_exception
        except ImportError as error:
            raise _without_nova(error) from None
        # nova-api registers its objects before it loads its pipeline.
        if not hasattr(objects, 'InstanceMapping'):
            raise exceptions.ConfigurationError(
                '[api] servers = nova: this works as a filter in nova-api only'
            )
        require_files(conf)
        self._timeout_s = conf.api.look_up_timeout
        self._executor = BoundedExecutor(self.MOST, 'console-look-up', self.MOST)
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
        # Nova takes an id without dashes for one, and finds nothing.
        if _ID.fullmatch(server_id) is None:
            raise exceptions.ServerNotFound(server_id)
        try:
            return self._in_time(lambda: self._find(context, server_id))
        except self._not_found:
            raise exceptions.ServerNotFound(server_id) from None

    def sources(self) -> Iterator[Source]:
        """The cells; who they are is in the API's database."""
        administrator = self._context.get_admin_context()
        cells = self._in_time(
            lambda: list(self._objects.CellMappingList.get_all(administrator))
        )
        for cell in cells:
            yield Source(
                f'cell {cell.name or cell.uuid}',
                functools.partial(self._try, administrator, cell),
                None if cell.is_cell0() else cell.transport_url,
            )

    def _in_time(self, read: Callable[[], T]) -> T:
        """
        :raises ServersUnavailable: after the reason was logged
        """
        try:
            answer: T = self._executor.run(read, time.monotonic() + self._timeout_s)
        except (Busy, TimeoutError):
            LOG.error("Nova's databases do not answer within %g s", self._timeout_s)
            raise exceptions.ServersUnavailable from None
        except self._unavailable as error:
            LOG.error(
                "Nova's database failed: %s: %s",
                type(error).__name__,
                # The rest may quote a statement with its values.
                next(iter(str(error).splitlines()), ''),
            )
            raise exceptions.ServersUnavailable from None
        return answer

    def _find(self, context: RequestContext, server_id: str) -> Server:
        # As an administrator, so that Nova leaves it to us who may know of a server;
        # with the request's id, which Nova logs.  The thread is not Nova's, and has
        # been another request's.
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
        return self._in_cell(administrator, mapping.cell_mapping, server_id)

    def _in_cell(self, administrator: Any, cell: Any, server_id: str) -> Server:
        with self._context.target_cell(administrator, cell) as in_cell:
            instance = self._objects.Instance.get_by_uuid(
                in_cell, server_id, expected_attrs=[]
            )
        return _server(instance, cell.uuid, cell.transport_url)

    def _try(self, administrator: Any, cell: Any) -> None:
        with contextlib.suppress(*self._not_found):
            self._in_time(lambda: self._in_cell(administrator, cell, _NOBODY))

    def _unscheduled(self, administrator: Any, server_id: str) -> Server:
        """A server that is in no cell yet: what was asked to be built."""
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
        # What is only asked for has no row in a cell, and so no key.
        database_id=instance.id if 'id' in instance else None,
        cell=cell,
        bus_url=bus_url,
    )
