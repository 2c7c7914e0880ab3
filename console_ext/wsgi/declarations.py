# SPDX-License-Identifier: Apache-2.0
"""What a controller says of its methods, as marks on them.

The marks change nothing about a method; :mod:`console_ext.wsgi.resource` reads them
and does, in one order for all, what they ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

_ATTRIBUTE = '__console_ext__'

Method = TypeVar('Method', bound=Callable[..., Any])


class VersionedSchema(NamedTuple):
    """A JSON schema, and the microversions that it holds at.

    :param minimum: None for the first microversion
    :param maximum: None for no end
    """

    schema: dict[str, Any]
    minimum: str | None = None
    maximum: str | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """The marks of one method.

    :param action: the key of the body that calls it; None for a method of a noun
    :param maximum: the last microversion it exists at; None for no end
    :param policy: the rule that must say yes, or what chooses it from the body
    :param rules: those that it may choose; empty for a rule that is named
    :param serves: whether the controller takes a request, given its body; None for all
    :param status: of a success
    :param expected_errors: statuses it may end with; others become a 500
    :param earlier: the method of the same name that stands before it in its class
    """

    action: str | None = None
    minimum: str = '2.1'
    maximum: str | None = None
    request_schemas: tuple[VersionedSchema, ...] = ()
    query_schemas: tuple[VersionedSchema, ...] = ()
    response_schemas: tuple[VersionedSchema, ...] = ()
    policy: str | Callable[[Any], str] | None = None
    rules: tuple[str, ...] = ()
    serves: Callable[[Any, Any], bool] | None = None
    status: int = 200
    expected_errors: frozenset[int] = frozenset()
    earlier: Callable[..., Any] | None = None


def declaration_of(method: Callable[..., Any] | None) -> Declaration | None:
    """The marks of a method; None for one that has none."""
    found: Declaration | None = getattr(method, _ATTRIBUTE, None)
    return found


def mark(**values: Any) -> Callable[[Method], Method]:
    def decorator(method: Method) -> Method:
        declared = declaration_of(method) or Declaration()
        setattr(method, _ATTRIBUTE, replace(declared, **values))
        return method

    return decorator


def stack(kind: str, schema: VersionedSchema) -> Callable[[Method], Method]:
    """Add a schema to those that the method is marked with.

    :param kind: the field of :class:`Declaration`
    """

    def decorator(method: Method) -> Method:
        declared = declaration_of(method) or Declaration()
        return mark(**{kind: (*getattr(declared, kind), schema)})(method)

    return decorator


def action(name: str) -> Callable[[Method], Method]:
    """``POST …/action`` with this one key in its body calls the method."""
    return mark(action=name)


def api_version(minimum: str, maximum: str | None = None) -> Callable[[Method], Method]:
    """The method exists from one microversion to another, both included."""
    return mark(minimum=minimum, maximum=maximum)


def authorize(
    rule: str | Callable[[Any], str], rules: Iterable[str] = ()
) -> Callable[[Method], Method]:
    """This registered policy rule must allow the caller.

    Its target is the server that the URL names, else the caller's own project and
    user.

    :param rule: its name, or a function that chooses the name from the body, after the
        schema has let the body through
    :param rules: all that the function may choose; each of them must be registered
    """
    return mark(policy=rule, rules=tuple(rules))


def serves(predicate: Callable[[Any, Any], bool]) -> Callable[[Method], Method]:
    """Some requests for the method are left to the API behind the filter, whole.

    Without an API behind, the method gets them all.

    :param predicate: a method of the controller: given the parsed body, before any
        schema has seen it, whether the request is taken.  A body that is no JSON is
        refused without it.
    """
    return mark(serves=predicate)


def response(status: int) -> Callable[[Method], Method]:
    """A success is answered with this status, not with 200."""
    return mark(status=status)


def expected_errors(*statuses: int) -> Callable[[Method], Method]:
    """The method may end with these statuses; any other error of its is a 500."""
    return mark(expected_errors=frozenset(statuses))
