# SPDX-License-Identifier: Apache-2.0
"""Extensions, from their entry points to the final table of routes.

Nova's loader went on without an extension that failed, and imported those that were
disabled.  Here whatever is wrong stops the service, in one line that says which
extension it is about.
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

from console_ext import exceptions
from console_ext.policy import Policy
from console_ext.wsgi import declarations
from console_ext.wsgi.controller import overloads
from console_ext.wsgi.extensions import (
    NAMESPACE,
    ControllerExtension,
    ResourceExtension,
    V21APIExtensionBase,
)
from console_ext.wsgi.operation import Named, Operation, Overloads, each
from console_ext.wsgi.router import Router

T = TypeVar('T')

# A noun's methods: HTTP method, and whether the path ends in the id of one of it.
_METHODS = {
    'index': ('GET', False),
    'create': ('POST', False),
    'show': ('GET', True),
    'update': ('PUT', True),
    'delete': ('DELETE', True),
}

# The nouns of the wrapped API that actions can be attached to, and one of each.
_NOUNS = {'servers': 'server'}
_ACTIONS = {f'/{many}/{{{one}_id}}/action' for many, one in _NOUNS.items()}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The enabled extensions, under one policy and in one table of routes."""

    extensions: Sequence[V21APIExtensionBase]
    policy: Policy
    router: Router

    def close(self) -> None:
        """Let every extension go of its connections."""
        for extension in self.extensions:
            extension.close()


def load(
    conf: cfg.ConfigOpts, own_rules: Iterable[oslo_policy.RuleDefault] = ()
) -> Loaded:
    """All that the enabled extensions bring; nothing is connected yet.

    :param own_rules: those of the API that the extensions are put in front of, where
        it is ours
    :raises ConfigurationError: the one line that says why not
    """
    extensions = load_extensions(conf)
    policy = Policy(conf, [*own_rules, *policies_of(extensions)])
    return Loaded(extensions, policy, build_router(extensions, policy))


def load_extensions(conf: cfg.ConfigOpts) -> list[V21APIExtensionBase]:
    """Import and make the enabled extensions, in the order of their aliases.

    :raises ExtensionError: an extension is not usable, or two have one alias
    :raises ConfigurationError: ``[api] disabled_extensions`` names an unknown alias
    """
    # Listing them imports none of them.
    installed = Counter(point.name for point in metadata.entry_points(group=NAMESPACE))
    disabled = set(conf.api.disabled_extensions)
    unknown = sorted(disabled - set(installed))
    if unknown:
        raise exceptions.ConfigurationError(
            f'[api] disabled_extensions names {", ".join(unknown)}, but the installed '
            f'extensions are {", ".join(sorted(installed)) or "none"}'
        )
    enabled = sorted(set(installed) - disabled)
    for alias in enabled:
        if installed[alias] > 1:
            raise exceptions.ExtensionError(alias, 'two installed packages provide it')
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
    raise exceptions.ExtensionError(', '.join(sorted(aliases)), 'it has disappeared')


def _checked(alias: str, extension: object) -> V21APIExtensionBase:
    if not isinstance(extension, V21APIExtensionBase):
        raise exceptions.ExtensionError(alias, 'it is no V21APIExtensionBase')
    if getattr(extension, 'alias', None) != alias:
        raise exceptions.ExtensionError(
            alias, "its class's alias differs from its entry point's name"
        )
    if not getattr(extension, 'name', None) or not type(extension).__doc__:
        raise exceptions.ExtensionError(alias, 'it lacks a name or a description')
    return extension


def policies_of(
    extensions: Iterable[V21APIExtensionBase],
) -> list[oslo_policy.RuleDefault]:
    """The rules of all of them.

    :raises ExtensionError: one cannot say
    """
    return [
        rule
        for extension in extensions
        for rule in _ask(extension, extension.get_policies)
    ]


def _ask(extension: V21APIExtensionBase, method: Callable[[], Iterable[T]]) -> list[T]:
    try:
        return list(method())
    except Exception as error:
        raise exceptions.ExtensionError(
            extension.alias, f'{method.__name__}: {type(error).__name__}: {error}'
        ) from error


def build_router(extensions: Iterable[V21APIExtensionBase], policy: Policy) -> Router:
    """The final table of what the extensions provide.

    :raises ExtensionError: what they declare is not usable, or claims what another
        one has
    """
    router = Router()
    actions: dict[str, dict[str, Named]] = {}
    nouns: dict[str, str] = {}
    for extension in extensions:
        for attached in _ask(extension, extension.get_controller_extensions):
            table = actions.setdefault(attached.collection, {})
            for operation in _actions(extension.alias, attached):
                name = operation.action or ''
                table[name] = _joined(name, table.get(name), operation)
        for resource in _ask(extension, extension.get_resources):
            path = _path(extension.alias, resource)
            if path in nouns or path in _ACTIONS or resource.collection in _NOUNS:
                raise exceptions.ExtensionError(
                    extension.alias,
                    f'the noun {path} is already that of {nouns.get(path, "the API")}',
                )
            nouns[path] = extension.alias
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


def _joined(name: str, others: Named | None, operation: Operation) -> Named:
    """An action beside those of its name, at other microversions."""
    if others is None:
        return operation
    (owner, *_) = all_of_it = list(each(others))
    try:
        if owner.alias == operation.alias:
            return Overloads.of([*all_of_it, operation])
    except ValueError:
        pass
    raise exceptions.ExtensionError(
        operation.alias, f'the action {name} is already that of {owner.alias}'
    )


def _actions(alias: str, attached: ControllerExtension) -> Iterator[Operation]:
    if attached.collection not in _NOUNS:
        raise exceptions.ExtensionError(
            alias, f'there is no noun {attached.collection} to attach actions to'
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
    if _NOUNS.get(collection, member) != member:
        raise exceptions.ExtensionError(
            alias, f'below {collection} is {_NOUNS[collection]}, not {member}'
        )
    return f'/{collection}/{{{member}_id}}/{resource.collection}'


def _methods(
    alias: str, resource: ResourceExtension
) -> Iterator[tuple[str, str, Named]]:
    path = _path(alias, resource)
    of_server = resource.parent is not None and resource.parent[0] in _NOUNS
    member = resource.member_name or resource.collection[:-1]
    id_name = resource.id_name or f'{member}_id'
    found = False
    for name, (http_method, is_one) in _METHODS.items():
        method = getattr(resource.controller, name, None)
        if method is not None:
            found = True
            operations = [
                Operation.compile(alias, one, names_server=of_server)
                for one in overloads(method)
            ]
            try:
                named = Overloads.of(operations)
            except ValueError as error:
                raise exceptions.ExtensionError(
                    alias, f'{method.__qualname__} is there several times: {error}'
                ) from None
            yield http_method, f'{path}/{{{id_name}}}' if is_one else path, named
    if not found:
        raise exceptions.ExtensionError(
            alias, f'{type(resource.controller).__name__} has no method of a noun'
        )
