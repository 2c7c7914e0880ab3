# SPDX-License-Identifier: Apache-2.0
"""Operations: a controller's methods with their compiled declarations."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jsonschema

from console_ext import exceptions
from console_ext.wsgi import declarations, microversions
from console_ext.wsgi.validation import Validators

# Statuses of the checks that run before the method; it need not declare them.
EXPECTED_OF_ALL = frozenset({400, 401, 403, 404, 503})


@dataclass(frozen=True, slots=True)
class Operation:
    """A controller's method and everything needed to check a request for it.

    :param action: the key in the request body that selects it; None for a method of a
        resource
    :param rules: all policy rules that may be checked
    :param choose_rule: chooses one of the rules from the body; None if there is only
        one
    :param serves: decides from the body whether the operation handles the request;
        None to handle every request
    :param names_server: whether the URL contains a server id; the server is then looked
        up
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
        :param names_server: whether the URL contains a server id
        :raises ExtensionError: the method's declaration is invalid
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
        """Return the operation itself if it exists at this version, else None."""
        return self if version in self.versions else None

    def rule(self, body: Any) -> str:
        """Return the policy rule to check for a request.

        :param body: the validated body
        :raises ValueError: the chosen rule is not in :attr:`rules`
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
    """Bind a predicate to the controller that the method belongs to."""
    if predicate is None:
        return None
    return functools.partial(predicate, getattr(method, '__self__', None))


@dataclass(frozen=True, slots=True)
class Overloads:
    """Operations with the same name, each for its own microversions."""

    operations: tuple[Operation, ...]

    @classmethod
    def of(cls, operations: Sequence[Operation]) -> VersionedOperation:
        """
        :param operations: not empty; a single operation is returned as it is
        :raises ValueError: two operations exist at the same version
        """
        pair = microversions.overlapping(one.versions for one in operations)
        if pair is not None:
            raise ValueError(f'{pair[0]} and {pair[1]} overlap')
        if len(operations) == 1:
            return operations[0]
        in_order = sorted(operations, key=lambda one: one.versions.minimum)
        return cls(tuple(in_order))

    def at(self, version: microversions.Version) -> Operation | None:
        """Return the operation for this version, or None."""
        for operation in self.operations:
            if version in operation.versions:
                return operation
        return None


VersionedOperation = Operation | Overloads

# What a route leads to: an operation, or actions by their key in the body.
Operations = VersionedOperation | Mapping[str, VersionedOperation]


def each_operation(operations: Operations) -> Iterator[Operation]:
    """Yield all operations that a route leads to."""
    if isinstance(operations, Operation):
        yield operations
    elif isinstance(operations, Overloads):
        yield from operations.operations
    else:
        for versioned in operations.values():
            yield from each_operation(versioned)
