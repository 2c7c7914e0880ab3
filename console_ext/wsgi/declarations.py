# SPDX-License-Identifier: Apache-2.0
"""Decorators that mark the methods of a controller.

A mark does not change the method.  :mod:`console_ext.wsgi.resource` reads the marks
and applies them in the same order to every request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

_ATTRIBUTE = '__console_ext__'

Method = TypeVar('Method', bound=Callable[..., Any])


class VersionedSchema(NamedTuple):
    """A JSON schema and the microversions it applies to.

    :param minimum: None for the first microversion
    :param maximum: None for no upper limit
    """

    schema: dict[str, Any]
    minimum: str | None = None
    maximum: str | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """The marks of one method.

    :param action: the key in the request body that selects the method; None for a
        method of a resource
    :param maximum: the last microversion; None for no upper limit
    :param policy: the name of the policy rule, or a function that chooses it from the
        body
    :param rules: the rules that the function may choose; empty if ``policy`` is a name
    :param serves: a predicate that decides from the body whether the controller handles
        the request; None to handle every request
    :param status: of a successful response
    :param expected_errors: error statuses that are passed on; others become a 500
    :param earlier: the method of the same name defined before this one in the class
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
    """Return the marks of a method, or None if it has none."""
    found: Declaration | None = getattr(method, _ATTRIBUTE, None)
    return found


def mark(**values: Any) -> Callable[[Method], Method]:
    def decorator(method: Method) -> Method:
        declared = declaration_of(method) or Declaration()
        setattr(method, _ATTRIBUTE, replace(declared, **values))
        return method

    return decorator


def stack(kind: str, schema: VersionedSchema) -> Callable[[Method], Method]:
    """Mark a method with one more schema.

    :param kind: the field of :class:`Declaration`
    """

    def decorator(method: Method) -> Method:
        declared = declaration_of(method) or Declaration()
        return mark(**{kind: (*getattr(declared, kind), schema)})(method)

    return decorator


def action(name: str) -> Callable[[Method], Method]:
    """Call the method for ``POST …/action`` with this key as the body's only key."""
    return mark(action=name)


def api_version(minimum: str, maximum: str | None = None) -> Callable[[Method], Method]:
    """Offer the method at these microversions only, both bounds included."""
    return mark(minimum=minimum, maximum=maximum)


def authorize(
    rule: str | Callable[[Any], str], rules: Iterable[str] = ()
) -> Callable[[Method], Method]:
    """Require that a registered policy rule allows the caller.

    The target of the check is the server in the URL, or the caller's own project and
    user if the URL has no server.

    :param rule: the rule's name, or a function that chooses it from the body after
        schema validation
    :param rules: all rules that the function may choose; each must be registered
    """
    return mark(policy=rule, rules=tuple(rules))


def serves(predicate: Callable[[Any, Any], bool]) -> Callable[[Method], Method]:
    """Handle only the requests that a predicate accepts.

    The wrapped API answers the others.  Without a wrapped API the method gets every
    request.

    :param predicate: a method of the controller that takes the parsed body, before
        schema validation, and returns whether the method handles the request.  It is
        not called for a body that is not JSON; that is a 400.
    """
    return mark(serves=predicate)


def response(status: int) -> Callable[[Method], Method]:
    """Set the status of a successful response; the default is 200."""
    return mark(status=status)


def expected_errors(*statuses: int) -> Callable[[Method], Method]:
    """Declare the error statuses of the method; any other error becomes a 500."""
    return mark(expected_errors=frozenset(statuses))
