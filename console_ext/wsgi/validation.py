# SPDX-License-Identifier: Apache-2.0
"""JSON schema validation, with Nova's error messages.

The decorators :func:`schema`, :func:`query_schema` and :func:`response_body_schema`
mark a controller's method.  Each may be used several times, for different
microversions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import jsonschema
from jsonschema import exceptions as jsonschema_exceptions

from console_ext import exceptions
from console_ext.wsgi import declarations, microversions
from console_ext.wsgi.declarations import VersionedSchema

Method = TypeVar('Method', bound=Callable[..., Any])


def schema(
    request_body: dict[str, Any],
    min_version: str | None = None,
    max_version: str | None = None,
) -> Callable[[Method], Method]:
    """Validate the request body; a mismatch is a 400.

    :param request_body: a JSON schema, draft 2020-12
    :param min_version: the first microversion of the schema; None for the API's first
    :param max_version: the last microversion of the schema; None for no upper limit
    """
    versioned = VersionedSchema(request_body, min_version, max_version)
    return declarations.stack('request_schemas', versioned)


def query_schema(
    query: dict[str, Any],
    min_version: str | None = None,
    max_version: str | None = None,
) -> Callable[[Method], Method]:
    """Validate the query string; a mismatch is a 400.

    As in Nova, the schema describes an object whose values are arrays of strings,
    because a name may occur several times.  Without a schema every query is accepted.
    """
    versioned = VersionedSchema(query, min_version, max_version)
    return declarations.stack('query_schemas', versioned)


def response_body_schema(
    response_body: dict[str, Any],
    min_version: str | None = None,
    max_version: str | None = None,
) -> Callable[[Method], Method]:
    """Validate the response body; a mismatch is an error of the extension: a 500."""
    versioned = VersionedSchema(response_body, min_version, max_version)
    return declarations.stack('response_schemas', versioned)


class Validator:
    """A compiled schema.

    :raises jsonschema.SchemaError: the schema is invalid
    """

    def __init__(self, body_schema: dict[str, Any]):
        cls = jsonschema.Draft202012Validator
        cls.check_schema(body_schema)
        formats = jsonschema.FormatChecker(formats=())
        self._strict = cls(body_schema, format_checker=formats)
        self._lenient = cls(_without_limits(body_schema), format_checker=formats)

    def check(self, body: Any, *, legacy: bool = False) -> None:
        """
        :param legacy: accept unknown properties, as Nova's /v2 does
        :raises InvalidBody:
        """
        validator = self._lenient if legacy else self._strict
        # The first one, as in Nova: a body may have several faults.
        error = next(validator.iter_errors(body), None)
        if error is not None:
            raise exceptions.InvalidBody(_nova_message(error))


class Validators:
    """Compiled schemas of one kind, each for its own microversions.

    :raises jsonschema.SchemaError: a schema is invalid
    :raises InvalidMicroversion: a bound is not a version
    :raises ValueError: two schemas apply to the same version
    """

    def __init__(self, schemas: Iterable[VersionedSchema]):
        self._versioned = [
            (
                microversions.Range.parse(one.minimum, one.maximum),
                Validator(one.schema),
            )
            for one in schemas
        ]
        pair = microversions.overlapping(versions for versions, _ in self._versioned)
        if pair is not None:
            raise ValueError(f'schemas for {pair[0]} and {pair[1]}, which overlap')

    def at(self, version: microversions.Version) -> Validator | None:
        """Return the validator for a version, or None."""
        for versions, validator in self._versioned:
            if version in versions:
                return validator
        return None


def _nova_message(error: jsonschema_exceptions.ValidationError) -> str:
    """nova/api/validation/validators.py, _SchemaValidator.validate"""
    if not error.path:
        return error.message
    return (
        f'Invalid input for field/attribute {error.path[-1]}. '
        f'Value: {error.instance}. {error.message}'
    )


def _without_limits(body_schema: dict[str, Any]) -> dict[str, Any]:
    lenient = copy.deepcopy(body_schema)
    todo: list[Any] = [lenient]
    while todo:
        part = todo.pop()
        if isinstance(part, dict):
            if part.get('additionalProperties') is False:
                del part['additionalProperties']
            todo += part.values()
        elif isinstance(part, list):
            todo += part
    return lenient
