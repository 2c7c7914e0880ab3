# SPDX-License-Identifier: Apache-2.0
"""What a controller says of its methods, as marks on them.

The marks change nothing about a method; :mod:`console_ext.wsgi.resource` reads them
and does, in one order for all, what they ask for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

_ATTRIBUTE = '__console_ext__'

Method = TypeVar('Method', bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Declaration:
    """The marks of one method.

    :param action: the key of the body that calls it; None for a method of a noun
    :param maximum: the last microversion it exists at; None for no end
    :param policy: the rule that must say yes
    :param status: of a success
    :param expected_errors: statuses it may end with; others become a 500
    """

    action: str | None = None
    minimum: str = '2.1'
    maximum: str | None = None
    request_schema: dict[str, Any] | None = None
    response_schema: dict[str, Any] | None = None
    policy: str | None = None
    status: int = 200
    expected_errors: frozenset[int] = frozenset()


def declaration_of(method: Callable[..., Any]) -> Declaration | None:
    """The marks of a method; None for one that has none."""
    found: Declaration | None = getattr(method, _ATTRIBUTE, None)
    return found


def mark(**values: Any) -> Callable[[Method], Method]:
    def decorator(method: Method) -> Method:
        declared = declaration_of(method) or Declaration()
        setattr(method, _ATTRIBUTE, replace(declared, **values))
        return method

    return decorator


def action(name: str) -> Callable[[Method], Method]:
    """``POST …/action`` with this one key in its body calls the method."""
    return mark(action=name)


def api_version(minimum: str, maximum: str | None = None) -> Callable[[Method], Method]:
    """The method exists from one microversion to another, both included."""
    return mark(minimum=minimum, maximum=maximum)


def authorize(rule: str) -> Callable[[Method], Method]:
    """This registered policy rule must allow the caller.

    Its target is the server that the URL names, else the caller's own project and
    user.
    """
    return mark(policy=rule)


def response(status: int) -> Callable[[Method], Method]:
    """A success is answered with this status, not with 200."""
    return mark(status=status)


def expected_errors(*statuses: int) -> Callable[[Method], Method]:
    """The method may end with these statuses; any other error of its is a 500."""
    return mark(expected_errors=frozenset(statuses))
