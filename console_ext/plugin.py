# SPDX-License-Identifier: Apache-2.0
"""The one plugin that an option names, loaded by stevedore or refused in one line."""

from __future__ import annotations

from typing import Any

from stevedore import named

from console_ext import exceptions


def load(namespace: str, name: str, option: str, *args: Any) -> Any:
    """Make the plugin of a name.

    :param namespace: the entry-point namespace it is looked for in
    :param option: the option that names it, for the error (``[api] servers``)
    :param args: what it is constructed with
    :raises ConfigurationError: there is none of that name, or it does not start
    """

    def fail(manager: object, entry_point: object, error: BaseException) -> None:
        # Without this callback stevedore would log the error and go on.
        if isinstance(error, exceptions.ConfigurationError):
            raise error
        raise exceptions.ConfigurationError(
            f'{option} = {name}: it cannot be loaded: {type(error).__name__}: {error}'
        ) from error

    def missing(names: object) -> None:
        raise exceptions.ConfigurationError(
            f'{option} = {name}: nothing of that name is installed in {namespace}'
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
            f'{option} = {name}: two installed packages provide it'
        )
    return manager.extensions[0].obj
