# SPDX-License-Identifier: Apache-2.0
"""A controller's method, with what was declared of it, ready to be carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema

from console_ext import exceptions
from console_ext.wsgi import declarations, microversions
from console_ext.wsgi.validation import Validator

# Statuses that the checks before a method end with; it need not expect them.
EXPECTED_OF_ALL = frozenset({400, 401, 403, 404, 503})


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route, or a body, leads to.

    :param action: the key of the body that calls it; None for a method of a noun
    :param names_server: whether its URL names a server, which is then looked up
    """

    alias: str
    method: Callable[..., Any]
    action: str | None
    versions: microversions.Range
    policy: str
    status: int
    expected: frozenset[int]
    request_validator: Validator | None
    response_validator: Validator | None
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
        if declared.policy is None:
            raise exceptions.ExtensionError(alias, f'{name} declares no policy rule')
        try:
            return cls(
                alias=alias,
                method=method,
                action=declared.action,
                versions=microversions.Range.parse(declared.minimum, declared.maximum),
                policy=declared.policy,
                status=declared.status,
                expected=declared.expected_errors | EXPECTED_OF_ALL,
                request_validator=_validator(declared.request_schema),
                response_validator=_validator(declared.response_schema),
                names_server=names_server,
            )
        except jsonschema.SchemaError as error:
            raise exceptions.ExtensionError(
                alias, f'{name} declares an invalid schema: {error.message}'
            ) from None
        except exceptions.InvalidMicroversion as error:
            raise exceptions.ExtensionError(alias, f'{name}: {error}') from None


def _validator(schema: dict[str, Any] | None) -> Validator | None:
    return None if schema is None else Validator(schema)


# What a route leads to: one operation, or the actions that a body may name.
Operations = Operation | Mapping[str, Operation]
