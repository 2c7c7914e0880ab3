# SPDX-License-Identifier: Apache-2.0
"""The decorators for methods of controllers."""

import pytest

from console_ext import wsgi
from console_ext.wsgi import declarations, validation
from console_ext.wsgi.declarations import (
    Declaration,
    VersionedSchema,
    declaration_of,
)

REQUEST, RESPONSE = {'type': 'object'}, {'type': 'string'}


class Controller:
    @wsgi.action('os-a')
    @wsgi.api_version('2.3', '2.5')
    @wsgi.authorize('a:b')
    @wsgi.expected_errors(404, 409)
    @wsgi.response(202)
    @validation.schema(REQUEST)
    @validation.response_body_schema(RESPONSE)
    def marked(self):
        return 'unchanged'

    @wsgi.authorize('a:b')
    def hardly(self):
        pass

    def unmarked(self):
        pass


def test_all_marks():
    """Each decorator declares one property."""
    assert declaration_of(Controller().marked) == Declaration(
        action='os-a',
        minimum='2.3',
        maximum='2.5',
        request_schemas=(VersionedSchema(REQUEST),),
        response_schemas=(VersionedSchema(RESPONSE),),
        policy='a:b',
        status=202,
        expected_errors=frozenset({404, 409}),
    )


def test_schemas_stack():
    """Several schemas are kept with their microversions."""

    @validation.schema(REQUEST, '2.6', '2.7')
    @validation.schema(RESPONSE, '2.8')
    @validation.query_schema(REQUEST, '2.9')
    @validation.response_body_schema(RESPONSE, max_version='2.8')
    @validation.response_body_schema(REQUEST, '2.9')
    def method(self):
        pass

    assert declaration_of(method) == Declaration(
        request_schemas=(
            VersionedSchema(RESPONSE, '2.8', None),
            VersionedSchema(REQUEST, '2.6', '2.7'),
        ),
        query_schemas=(VersionedSchema(REQUEST, '2.9', None),),
        response_schemas=(
            VersionedSchema(REQUEST, '2.9', None),
            VersionedSchema(RESPONSE, None, '2.8'),
        ),
    )


def test_rule_that_is_chosen():
    """The function and all rules that it may return."""

    def choose(body):
        return 'a:b'

    @wsgi.authorize(choose, rules=['a:b', 'a:c'])
    def method(self):
        pass

    assert declaration_of(method) == Declaration(policy=choose, rules=('a:b', 'a:c'))


def test_what_is_not_said():
    """From 2.1 without end, a method of a resource, 200, no schema, no errors."""
    assert declaration_of(Controller().hardly) == Declaration(
        action=None,
        minimum='2.1',
        maximum=None,
        request_schemas=(),
        query_schemas=(),
        response_schemas=(),
        policy='a:b',
        status=200,
        expected_errors=frozenset(),
    )


def test_unmarked_method():
    """A method without decorators is not an operation."""
    assert declaration_of(Controller().unmarked) is None


def test_method_is_unchanged():
    """The decorated method can be called as before."""
    assert Controller().marked() == 'unchanged'
    assert Controller.marked.__name__ == 'marked'


@pytest.mark.parametrize(
    'order',
    [
        [wsgi.action('a'), wsgi.authorize('r'), wsgi.response(204)],
        [wsgi.response(204), wsgi.authorize('r'), wsgi.action('a')],
    ],
)
def test_order_of_marks(order):
    """The order of decorators does not matter."""

    def method(self):
        pass

    for mark in order:
        method = mark(method)
    assert declaration_of(method) == Declaration(action='a', policy='r', status=204)


def test_marks_are_values():
    """Declarations cannot be changed afterwards."""
    with pytest.raises(AttributeError):
        declaration_of(Controller.marked).policy = 'other'


def test_overriding_method_starts_without_marks():
    """A method of a subclass does not inherit declarations."""

    class Derived(Controller):
        def marked(self):
            pass

    assert declarations.declaration_of(Derived().marked) is None
    assert declaration_of(Controller().marked).policy == 'a:b'
