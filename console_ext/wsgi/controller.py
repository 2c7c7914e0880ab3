# SPDX-License-Identifier: Apache-2.0
"""Methods of one name, for different microversions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from console_ext.wsgi.declarations import declaration_of, mark


class _Body(dict[str, Any]):
    """The names of a class body; a marked method remembers the one that it replaces."""

    def __setitem__(self, name: str, value: Any) -> None:
        earlier = self.get(name)
        if declaration_of(earlier) and declaration_of(value):
            value = mark(earlier=earlier)(value)
        super().__setitem__(name, value)


class _Overloading(type):
    @classmethod
    def __prepare__(cls, name: str, bases: tuple[type, ...], /, **kwargs: Any) -> _Body:
        return _Body()


class Controller(metaclass=_Overloading):
    """The base of a controller that has several methods of one name.

    Each is marked with its microversions, and no two may share one.
    """


def overloads(method: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """A method, and those of its name that stand before it in its class."""
    yield method
    declared = declaration_of(method)
    while declared is not None and declared.earlier is not None:
        yield declared.earlier.__get__(method.__self__)  # type: ignore[attr-defined]
        declared = declaration_of(declared.earlier)
