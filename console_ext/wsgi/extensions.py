# SPDX-License-Identifier: Apache-2.0
"""What an extension is.

The contract is that of Nova's v2.1 plugins (nova/api/openstack/extensions.py in
Mitaka), with defaults for what a plugin does not need.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from oslo_config import cfg
from oslo_policy import policy as oslo_policy

NAMESPACE = 'console_ext.api.v21.extensions'


class V21APIExtensionBase:
    """An extension of the API, found by an entry point in :data:`NAMESPACE`.

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
        """Controllers whose actions are attached to an existing noun."""
        return ()

    def get_resources(self) -> Iterable[ResourceExtension]:
        """Nouns that this extension adds."""
        return ()

    def get_policies(self) -> Iterable[oslo_policy.RuleDefault]:
        """The policy rules that its methods are marked with."""
        return ()

    def close(self) -> None:
        """Let go of connections; called once, when the host stops."""


@dataclass(frozen=True, slots=True)
class ControllerExtension:
    """Attaches a controller's actions to a noun.

    :param collection: the noun, as in the URL; ``servers``
    """

    extension: V21APIExtensionBase
    collection: str
    controller: object


@dataclass(frozen=True, slots=True)
class ResourceExtension:
    """Adds a noun: the controller's ``index``, ``create``, ``show``, ``update`` and
    ``delete``, as far as it has them.

    :param collection: the noun, as in the URL
    :param parent: the noun it stands below, as (collection, member); the server of
        ``('servers', 'server')`` is looked up and handed to the method as ``server``
    :param member_name: one of the collection; None for the collection less its last
        letter
    :param id_name: the variable of the path that names one of it, and the argument of
        the method; None for the member's name and ``_id``
    """

    collection: str
    controller: object
    parent: tuple[str, str] | None = None
    member_name: str | None = None
    id_name: str | None = None
