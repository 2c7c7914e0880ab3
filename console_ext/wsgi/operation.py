# SPDX-License-Identifier: Apache-2.0
"""A controller's method, with what was declared of it, ready to be carried out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jsonschema

from console_ext import exceptions
from console_ext.wsgi import declarations, microversions
from console_ext.wsgi.validation import Validators

# Statuses that the checks before a method end with; it need not expect them.
EXPECTED_OF_ALL = frozenset({400, 401, 403, 404, 503})


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route, or a body, leads to.

    :param action: the key of the body that calls it; None for a method of a noun
    :param rules: all policy rules that may be asked
    :param choose_rule: chooses one of them, given the body; None where there is one
    :param serves: whether a request with this body is taken; None for every request
    :param names_server: whether its URL names a server, which is then looked up
    """

    alias: str
    method: Callable[..., Any]
    action: str | None
    versions: microversions.Range
    rules: tuple[str, ...]
    choose_rule: Callable[[Any], str] | None
    serves: Callable[[Any], bool] | None
    status: int
    expected: frozenset[int]
    request_validators: Validators
    query_validators: Validators
    response_validators: Validators
    names_server: bool

    @classmethod
    def compile(
        cls, alias: str, method: Callable[..., Any], *, names_server: bool
    ) -> Operation:
        """
        :param names_server: whether its URL names a server
        :raises ExtensionError: what is declared cannot be compiled
        """
        name = getattr(method, '__qualname__', repr(method))
        declared = declarations.declaration_of(method) or declarations.Declaration()
        choose_rule = None if isinstance(declared.policy, str) else declared.policy
        rules = (
            (declared.policy,) if isinstance(declared.policy, str) else declared.rules
        )
        if not rules:
            raise exceptions.ExtensionError(alias, f'{name} declares no policy rule')
        try:
            return cls(
                alias=alias,
                method=method,
                action=declared.action,
                versions=microversions.Range.parse(declared.minimum, declared.maximum),
                rules=rules,
                choose_rule=choose_rule,
                serves=_bound(declared.serves, method),
                status=declared.status,
                expected=declared.expected_errors | EXPECTED_OF_ALL,
                request_validators=Validators(declared.request_schemas),
                query_validators=Validators(declared.query_schemas),
                response_validators=Validators(declared.response_schemas),
                names_server=names_server,
            )
        except jsonschema.SchemaError as error:
            raise exceptions.ExtensionError(
                alias, f'{name} declares an invalid schema: {error.message}'
            ) from None
        except exceptions.InvalidMicroversion as error:
            raise exceptions.ExtensionError(alias, f'{name}: {error}') from None
        except ValueError as error:
            raise exceptions.ExtensionError(alias, f'{name} declares {error}') from None

    def at(self, version: microversions.Version) -> Operation | None:
        """Itself, if it exists at that version."""
        return self if version in self.versions else None

    def rule(self, body: Any) -> str:
        """The policy rule that is asked for a request.

        :param body: as the schema has let it through
        :raises ValueError: what was chosen is none of :attr:`rules`
        """
        if self.choose_rule is None:
            return self.rules[0]
        chosen = self.choose_rule(body)
        if chosen not in self.rules:
            raise ValueError(f'the policy rule {chosen!r} was not declared')
        return chosen


def _bound(
    predicate: Callable[[Any, Any], bool] | None, method: Callable[..., Any]
) -> Callable[[Any], bool] | None:
    """A predicate of a class, for the controller that the method is of."""
    if predicate is None:
        return None
    return functools.partial(predicate, getattr(method, '__self__', None))


@dataclass(frozen=True, slots=True)
class Overloads:
    """Operations of one name, each at its own microversions."""

    operations: tuple[Operation, ...]

    @classmethod
    def of(cls, operations: Sequence[Operation]) -> Named:
        """
        :param operations: one at the least; one alone is returned as it is
        :raises ValueError: two exist at one version
        """
        pair = microversions.overlapping(one.versions for one in operations)
        if pair is not None:
            raise ValueError(f'{pair[0]} and {pair[1]} overlap')
        if len(operations) == 1:
            return operations[0]
        in_order = sorted(operations, key=lambda one: one.versions.minimum)
        return cls(tuple(in_order))

    def at(self, version: microversions.Version) -> Operation | None:
        """The one that exists at a version."""
        for operation in self.operations:
            if version in operation.versions:
                return operation
        return None


Named = Operation | Overloads

# What a route leads to: the operations of a name, or the actions that a body may name.
Operations = Named | Mapping[str, Named]


def each(operations: Operations) -> Iterator[Operation]:
    """All operations that a route leads to."""
    if isinstance(operations, Operation):
        yield operations
    elif isinstance(operations, Overloads):
        yield from operations.operations
    else:
        for named in operations.values():
            yield from each(named)
