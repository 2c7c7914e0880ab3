# SPDX-License-Identifier: Apache-2.0
"""JSON schemas: compiled once, refusing in Nova's words.

The marks :func:`schema`, :func:`query_schema` and :func:`response_body_schema` go on a
controller's method.  Each may be there several times, for different microversions.
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
    """The request's body must fit this schema (draft 2020-12), or it is a 400.

    :param min_version: the first microversion that it holds at; None for the first one
    :param max_version: the last one; None for no end
    """
    versioned = VersionedSchema(request_body, min_version, max_version)
    return declarations.stack('request_schemas', versioned)


def query_schema(
    query: dict[str, Any],
    min_version: str | None = None,
    max_version: str | None = None,
) -> Callable[[Method], Method]:
    """The request's query must fit this schema, or it is a 400.

    A query is an object whose values are arrays of strings, as in Nova, because a name
    may be given several times.  A query without a schema may hold anything.
    """
    versioned = VersionedSchema(query, min_version, max_version)
    return declarations.stack('query_schemas', versioned)


def response_body_schema(
    response_body: dict[str, Any],
    min_version: str | None = None,
    max_version: str | None = None,
) -> Callable[[Method], Method]:
    """The response's body must fit this schema, or it is our own fault: a 500."""
    versioned = VersionedSchema(response_body, min_version, max_version)
    return declarations.stack('response_schemas', versioned)


class Validator:
    """A compiled schema.

    :raises jsonschema.SchemaError: it is no schema
    """

    def __init__(self, body_schema: dict[str, Any]):
        cls = jsonschema.Draft202012Validator
        cls.check_schema(body_schema)
        formats = jsonschema.FormatChecker(formats=())
        self._strict = cls(body_schema, format_checker=formats)
        self._lenient = cls(_without_limits(body_schema), format_checker=formats)

    def check(self, body: Any, *, legacy: bool = False) -> None:
        """
        :param legacy: let unknown properties pass, as Nova's /v2 does
        :raises InvalidBody:
        """
        validator = self._lenient if legacy else self._strict
        if validator.is_valid(body):
            return
        error = jsonschema_exceptions.best_match(validator.iter_errors(body))
        raise exceptions.InvalidBody(_in_nova_words(error))


class Validators:
    """Compiled schemas of one kind, each for its microversions.

    :raises jsonschema.SchemaError: one is no schema
    :raises InvalidMicroversion: a bound is not a version
    :raises ValueError: two hold at one version
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
        """The one that holds at a version; None where none does."""
        for versions, validator in self._versioned:
            if version in versions:
                return validator
        return None


def _in_nova_words(error: jsonschema_exceptions.ValidationError) -> str:
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
