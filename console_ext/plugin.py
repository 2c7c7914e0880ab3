# SPDX-License-Identifier: Apache-2.0
"""Lists plugins, and loads the one that an option names, with stevedore."""

from __future__ import annotations

from typing import Any

from stevedore import named

from console_ext import exceptions


def names(namespace: str) -> list[str]:
    """Return the names of the installed plugins, without loading any of them.

    A name that several packages use is there several times.
    """
    manager: named.NamedExtensionManager[Any] = named.NamedExtensionManager(
        namespace, []
    )
    return manager.entry_points_names()


def load(namespace: str, name: str, option: str, *args: Any) -> Any:
    """Load a plugin and create an instance of it.

    :param namespace: the namespace of its entry point
    :param option: the option that names it, for errors: ``[api] servers``
    :param args: the arguments of its constructor
    :raises ConfigurationError: it is not installed, or its initialization fails
    """

    def fail(manager: object, entry_point: object, error: BaseException) -> None:
        # Without this callback stevedore logs the error and continues.
        if isinstance(error, exceptions.ConfigurationError):
            raise error
        raise exceptions.ConfigurationError(
            f'{option} = {name}: it cannot be loaded: {type(error).__name__}: {error}'
        ) from error

    def missing(names: object) -> None:
        raise exceptions.ConfigurationError(
            f'{option} = {name}: no installed package has this entry point in '
            f'{namespace}'
        )

    manager: named.NamedExtensionManager[Any] = named.NamedExtensionManager(
        namespace,
        [name],
        invoke_on_load=True,
        invoke_args=args,
        on_load_failure_callback=fail,
        on_missing_entrypoints_callback=missing,
    )
    if len(manager.extensions) > 1:
        raise exceptions.ConfigurationError(
            f'{option} = {name}: several installed packages provide it; uninstall all '
            'but one'
        )
    return manager.extensions[0].obj
