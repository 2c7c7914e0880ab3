# SPDX-License-Identifier: Apache-2.0
"""Loads the extensions from their entry points and builds the route table.

Unlike Nova's loader, which skipped an extension that failed and imported disabled
ones, this one stops the service on any error, with one line that names the extension.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, TypeVar

from oslo_config import cfg
from oslo_policy import policy as oslo_policy
from stevedore import named

from console_ext import exceptions, plugin
from console_ext.policy import Policy
from console_ext.wsgi import declarations
from console_ext.wsgi.controller import overloads
from console_ext.wsgi.extensions import (
    NAMESPACE,
    ControllerExtension,
    ResourceExtension,
    V21APIExtensionBase,
)
from console_ext.wsgi.operation import (
    Operation,
    Overloads,
    VersionedOperation,
    each_operation,
)
from console_ext.wsgi.router import Router

T = TypeVar('T')

# A resource's methods: the HTTP method, and whether the path ends in a member's id.
_METHODS = {
    'index': ('GET', False),
    'create': ('POST', False),
    'show': ('GET', True),
    'update': ('PUT', True),
    'delete': ('DELETE', True),
}

# The resources of the wrapped API that accept more actions, each with its singular.
_EXISTING = {'servers': 'server'}
_ACTION_PATHS = {f'/{many}/{{{one}_id}}/action' for many, one in _EXISTING.items()}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The enabled extensions with their common policy and route table."""

    extensions: Sequence[V21APIExtensionBase]
    policy: Policy
    router: Router

    def close(self) -> None:
        """Close the connections of all extensions."""
        for extension in self.extensions:
            extension.close()


def load(
    conf: cfg.ConfigOpts, own_rules: Iterable[oslo_policy.RuleDefault] = ()
) -> Loaded:
    """Load the enabled extensions, their policy and their routes.

    No connection is opened yet.

    :param own_rules: policy rules of the stand-alone API, in addition to those of the
        extensions
    :raises ConfigurationError: with the reason in one line
    """
    extensions = load_extensions(conf)
    policy = Policy(conf, [*own_rules, *policies_of(extensions)])
    return Loaded(extensions, policy, build_router(extensions, policy))


def load_extensions(conf: cfg.ConfigOpts) -> list[V21APIExtensionBase]:
    """Import and create the enabled extensions, sorted by alias.

    :raises ExtensionError: an extension is invalid, or two have the same alias
    :raises ConfigurationError: ``[api] disabled_extensions`` names an unknown alias
    """
    installed = Counter(plugin.names(NAMESPACE))
    disabled = set(conf.api.disabled_extensions)
    unknown = sorted(disabled - set(installed))
    if unknown:
        raise exceptions.ConfigurationError(
            f'[api] disabled_extensions lists {", ".join(unknown)}, which is not '
            f'installed. Installed extensions: {", ".join(sorted(installed)) or "none"}'
        )
    enabled = sorted(set(installed) - disabled)
    for alias in enabled:
        if installed[alias] > 1:
            raise exceptions.ExtensionError(
                alias, 'several installed packages provide it; uninstall all but one'
            )
    if not enabled:
        return []
    manager: named.NamedExtensionManager[Any] = named.NamedExtensionManager(
        NAMESPACE,
        enabled,
        invoke_on_load=True,
        invoke_args=(conf,),
        name_order=True,
        on_load_failure_callback=_refuse,
        on_missing_entrypoints_callback=_missing,
    )
    return [_checked(extension.name, extension.obj) for extension in manager]


def _refuse(manager: object, point: metadata.EntryPoint, error: BaseException) -> None:
    if isinstance(error, exceptions.ConfigurationError):
        raise error
    raise exceptions.ExtensionError(
        point.name, f'it cannot be loaded: {type(error).__name__}: {error}'
    ) from error


def _missing(aliases: Iterable[str]) -> None:
    raise exceptions.ExtensionError(
        ', '.join(sorted(aliases)), 'uninstalled while the service was starting'
    )


def _checked(alias: str, extension: object) -> V21APIExtensionBase:
    if not isinstance(extension, V21APIExtensionBase):
        raise exceptions.ExtensionError(
            alias, 'its class is not a subclass of V21APIExtensionBase'
        )
    if getattr(extension, 'alias', None) != alias:
        raise exceptions.ExtensionError(
            alias, 'the alias of its class differs from the name of its entry point'
        )
    if not getattr(extension, 'name', None) or not type(extension).__doc__:
        raise exceptions.ExtensionError(alias, 'its class has no name or no docstring')
    return extension


def policies_of(
    extensions: Iterable[V21APIExtensionBase],
) -> list[oslo_policy.RuleDefault]:
    """Return the policy rules of all extensions.

    :raises ExtensionError: an extension's ``get_policies`` fails
    """
    return [
        rule
        for extension in extensions
        for rule in _call(extension, extension.get_policies)
    ]


def _call(extension: V21APIExtensionBase, method: Callable[[], Iterable[T]]) -> list[T]:
    try:
        return list(method())
    except Exception as error:
        raise exceptions.ExtensionError(
            extension.alias, f'{method.__name__}: {type(error).__name__}: {error}'
        ) from error


def build_router(extensions: Iterable[V21APIExtensionBase], policy: Policy) -> Router:
    """Build the route table of the extensions.

    :raises ExtensionError: a declaration is invalid, or two extensions provide the
        same route or action
    """
    router = Router()
    actions: dict[str, dict[str, VersionedOperation]] = {}
    owners: dict[str, str] = {}
    for extension in extensions:
        for attached in _call(extension, extension.get_controller_extensions):
            table = actions.setdefault(attached.collection, {})
            for operation in _actions(extension.alias, attached):
                name = operation.action or ''
                table[name] = _add_version(name, table.get(name), operation)
        for resource in _call(extension, extension.get_resources):
            path = _path(extension.alias, resource)
            if (
                path in owners
                or path in _ACTION_PATHS
                or resource.collection in _EXISTING
            ):
                owner = owners.get(path, 'the compute API')
                raise exceptions.ExtensionError(
                    extension.alias, f'{owner} already provides the resource {path}'
                )
            owners[path] = extension.alias
            for method, full_path, operations in _methods(extension.alias, resource):
                router.connect(method, full_path, operations)
    for collection, table in actions.items():
        router.connect('POST', f'/{collection}/{{server_id}}/action', table)
    for operation in router.operations():
        for rule in operation.rules:
            if not policy.knows(rule):
                raise exceptions.ExtensionError(
                    operation.alias, f'the policy rule {rule} is not registered'
                )
    return router


def _add_version(
    name: str, existing: VersionedOperation | None, operation: Operation
) -> VersionedOperation:
    """Combine an action with those of the same name at other microversions."""
    if existing is None:
        return operation
    (owner, *_) = operations = list(each_operation(existing))
    try:
        if owner.alias == operation.alias:
            return Overloads.of([*operations, operation])
    except ValueError:
        pass
    raise exceptions.ExtensionError(
        operation.alias, f'{owner.alias} already provides the action {name}'
    )


def _actions(alias: str, attached: ControllerExtension) -> Iterator[Operation]:
    if attached.collection not in _EXISTING:
        raise exceptions.ExtensionError(
            alias,
            f'the resource {attached.collection} accepts no actions; only '
            f'{", ".join(_EXISTING)} does',
        )
    found = False
    for _, method in inspect.getmembers(attached.controller, inspect.ismethod):
        declared = declarations.declaration_of(method)
        if declared is not None and declared.action is not None:
            found = True
            for one in overloads(method):
                yield Operation.compile(alias, one, names_server=True)
    if not found:
        raise exceptions.ExtensionError(
            alias, f'{type(attached.controller).__name__} has no action'
        )


def _path(alias: str, resource: ResourceExtension) -> str:
    if resource.parent is None:
        return f'/{resource.collection}'
    collection, member = resource.parent
    if _EXISTING.get(collection, member) != member:
        raise exceptions.ExtensionError(
            alias,
            f'a member of {collection} is called {_EXISTING[collection]}, not {member}',
        )
    return f'/{collection}/{{{member}_id}}/{resource.collection}'


def _methods(
    alias: str, resource: ResourceExtension
) -> Iterator[tuple[str, str, VersionedOperation]]:
    path = _path(alias, resource)
    of_server = resource.parent is not None and resource.parent[0] in _EXISTING
    member = resource.member_name or resource.collection[:-1]
    id_name = resource.id_name or f'{member}_id'
    found = False
    for name, (http_method, has_id) in _METHODS.items():
        method = getattr(resource.controller, name, None)
        if method is not None:
            found = True
            operations = [
                Operation.compile(alias, one, names_server=of_server)
                for one in overloads(method)
            ]
            try:
                versioned = Overloads.of(operations)
            except ValueError as error:
                raise exceptions.ExtensionError(
                    alias, f'{method.__qualname__} is defined several times: {error}'
                ) from None
            yield http_method, f'{path}/{{{id_name}}}' if has_id else path, versioned
    if not found:
        raise exceptions.ExtensionError(
            alias,
            f'{type(resource.controller).__name__} has none of the methods '
            f'{", ".join(_METHODS)}',
        )
