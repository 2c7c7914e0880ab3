# SPDX-License-Identifier: Apache-2.0
"""JSON schemas: compiled once, refusing in Nova's words.

The marks :func:`schema` and :func:`response_body_schema` go on a controller's method.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

import jsonschema
from jsonschema import exceptions as jsonschema_exceptions

from console_ext import exceptions
from console_ext.wsgi import declarations

Method = TypeVar('Method', bound=Callable[..., Any])


def schema(request_body: dict[str, Any]) -> Callable[[Method], Method]:
    """The request's body must fit this schema (draft 2020-12), or it is a 400."""
    return declarations.mark(request_schema=request_body)


def response_body_schema(response_body: dict[str, Any]) -> Callable[[Method], Method]:
    """The response's body must fit this schema, or it is our own fault: a 500."""
    return declarations.mark(response_schema=response_body)


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
