# SPDX-License-Identifier: Apache-2.0
"""Controller methods that share a name and differ in their microversions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from console_ext.wsgi.declarations import declaration_of, mark


class _Body(dict[str, Any]):
    """A class namespace in which a marked method keeps the one it replaces."""

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
    """Base class of a controller that has several methods with the same name.

    Each such method is marked with its microversions, which must not overlap.
    """


def overloads(method: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Yield a method, then the methods of the same name defined before it."""
    yield method
    declared = declaration_of(method)
    while declared is not None and declared.earlier is not None:
        yield declared.earlier.__get__(method.__self__)  # type: ignore[attr-defined]
        declared = declaration_of(declared.earlier)
