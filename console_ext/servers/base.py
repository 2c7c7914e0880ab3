# SPDX-License-Identifier: Apache-2.0
"""The interface of look-up drivers, and the loader of the configured one."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from wsgiref.types import WSGIApplication

from oslo_config import cfg

from console_ext import plugin
from console_ext.context import RequestContext

NAMESPACE = 'console_ext.servers'


@dataclass(frozen=True, slots=True)
class Server:
    """What the API needs to know about a server; the states are Nova's.

    :param database_id: Nova's integer key of the instance; None if unknown
    :param host: the compute host that runs it; None if it is not scheduled yet
    :param power_state: Nova's number; None if unknown
    :param cell: the id of its host's cell; None if there are no cells
    :param bus_url: oslo.messaging's URL of its host's message bus; None for the
        configured bus
    """

    id: str
    name: str
    project_id: str
    user_id: str
    host: str | None
    vm_state: str | None
    task_state: str | None
    power_state: int | None = None
    locked: bool = False
    database_id: int | None = None
    cell: str | None = None
    # Contains a password.
    bus_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Source:
    """A data source of a look-up, such as a cell's database.

    :param read: reads from the source once; raises the same errors as
        :meth:`LookUp.get`
    :param bus_url: the message bus of the source's hosts; None for the configured bus
    """

    name: str
    read: Callable[[], None]
    bus_url: str | None = field(default=None, repr=False)


class LookUp(abc.ABC):
    """Finds a server by its id.

    :param conf: the configuration
    :param application: the wrapped compute API, for drivers that send requests to it
    """

    @abc.abstractmethod
    def __init__(self, conf: cfg.ConfigOpts, application: WSGIApplication | None): ...

    @abc.abstractmethod
    def get(self, context: RequestContext, server_id: str) -> Server:
        """
        :param server_id: any text, as it comes from a URL
        :raises ServerNotFound: the server does not exist, or the caller may not see it
        """

    def sources(self) -> Iterable[Source]:
        """Return the sources that ``console-ext-manage check`` tries to read.

        :raises: the errors of :meth:`get`, if finding the sources requires a look-up
        """
        return ()


def load(conf: cfg.ConfigOpts, application: WSGIApplication | None) -> LookUp:
    """Load the look-up that ``[api] servers`` names.

    :raises ConfigurationError: it is not installed, or its initialization fails
    """
    look_up: LookUp = plugin.load(
        NAMESPACE, conf.api.servers, '[api] servers', conf, application
    )
    return look_up
