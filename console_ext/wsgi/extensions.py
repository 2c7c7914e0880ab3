# SPDX-License-Identifier: Apache-2.0
"""The base class of API extensions.

The contract is that of Nova's v2.1 plugins (nova/api/openstack/extensions.py in
Mitaka), with a default for every method.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from oslo_config import cfg
from oslo_policy import policy as oslo_policy

NAMESPACE = 'console_ext.api.v21.extensions'


class V21APIExtensionBase:
    """An API extension, registered as an entry point in :data:`NAMESPACE`.

    The entry point's name is the alias.  The docstring of the subclass is the
    extension's description.

    :param conf: the configuration; an extension registers its own options on it
    """

    name: ClassVar[str]
    alias: ClassVar[str]
    version: ClassVar[int] = 1

    def __init__(self, conf: cfg.ConfigOpts):
        self.conf = conf

    def get_controller_extensions(self) -> Iterable[ControllerExtension]:
        """Controllers that add actions to an existing resource."""
        return ()

    def get_resources(self) -> Iterable[ResourceExtension]:
        """Resources that this extension adds."""
        return ()

    def get_policies(self) -> Iterable[oslo_policy.RuleDefault]:
        """The policy rules that the controllers' methods refer to."""
        return ()

    def close(self) -> None:
        """Close connections.  Called once, when the API stops."""


@dataclass(frozen=True, slots=True)
class ControllerExtension:
    """Adds a controller's actions to an existing resource.

    :param collection: the resource's name in the URL: ``servers``
    """

    extension: V21APIExtensionBase
    collection: str
    controller: object


@dataclass(frozen=True, slots=True)
class ResourceExtension:
    """Adds a resource.

    The controller implements any of ``index``, ``create``, ``show``, ``update`` and
    ``delete``.

    :param collection: the resource's name in the URL, in the plural
    :param parent: the parent resource, as (collection, member).  With
        ``('servers', 'server')`` the server is looked up and passed to the method as
        ``server``.
    :param member_name: the singular of the name; None for ``collection`` without its
        last letter
    :param id_name: the name of the id, in the URL and as the method's argument; None
        for the member's name followed by ``_id``
    """

    collection: str
    controller: object
    parent: tuple[str, str] | None = None
    member_name: str | None = None
    id_name: str | None = None
