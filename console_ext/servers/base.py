# SPDX-License-Identifier: Apache-2.0
"""What a look-up is, and how the configured one is loaded."""

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
    """A server as the API needs to know it; states are Nova's.

    :param database_id: Nova's integer key of the instance; None where unknown
    :param host: the compute host that runs it; None while it has none
    :param power_state: Nova's number; None where unknown
    :param cell: the id of the cell that its host is in; None where there are no cells
    :param bus_url: of the message bus that its host is on, as oslo.messaging has it;
        None for the configured one
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
    # It holds a password.
    bus_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Source:
    """One of the places that a look-up reads.

    :param read: reads it once; raises what :meth:`LookUp.get` would
    :param bus_url: of the message bus of the hosts that are known there; None for the
        configured one
    """

    name: str
    read: Callable[[], None]
    bus_url: str | None = field(default=None, repr=False)


class LookUp(abc.ABC):
    """Finds a server by its id.

    :param conf: the configuration
    :param application: the compute API that the extension is wrapped around, for a
        look-up that asks it
    """

    @abc.abstractmethod
    def __init__(self, conf: cfg.ConfigOpts, application: WSGIApplication | None): ...

    @abc.abstractmethod
    def get(self, context: RequestContext, server_id: str) -> Server:
        """
        :param server_id: any text; it comes from a URL
        :raises ServerNotFound: no such server, or none that the caller may see
        """

    def sources(self) -> Iterable[Source]:
        """What is to be tried when a configuration is checked, if there is anything.

        :raises: as :meth:`get`, where it has to read one to know the others
        """
        return ()


def load(conf: cfg.ConfigOpts, application: WSGIApplication | None) -> LookUp:
    """The look-up that ``[api] servers`` names.

    :raises ConfigurationError: there is none of that name, or it does not start
    """
    look_up: LookUp = plugin.load(
        NAMESPACE, conf.api.servers, '[api] servers', conf, application
    )
    return look_up
