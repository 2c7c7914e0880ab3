# SPDX-License-Identifier: Apache-2.0
"""Compiling the declarations of a method."""

import pytest

from console_ext import exceptions, wsgi
from console_ext.wsgi import validation
from console_ext.wsgi.operation import Operation


@pytest.mark.parametrize(
    ('marks', 'reason'),
    [
        ([], 'declares no policy rule'),
        (
            [wsgi.authorize('r'), validation.schema({'type': 'nonsense'})],
            'declares an invalid schema',
        ),
        (
            [wsgi.authorize('r'), validation.response_body_schema({'required': 1})],
            'declares an invalid schema',
        ),
        ([wsgi.authorize('r'), wsgi.api_version('2')], 'API Version String 2 is'),
        (
            [wsgi.authorize('r'), wsgi.api_version('2.1', 'x')],
            'API Version String x is',
        ),
        ([wsgi.authorize(str)], 'declares no policy rule'),
        (
            [
                wsgi.authorize('r'),
                validation.schema({}, '2.1', '2.8'),
                validation.schema({}, '2.8'),
            ],
            'declares schemas for 2.1–2.8 and 2.8–, which overlap',
        ),
        (
            [
                wsgi.authorize('r'),
                validation.query_schema({}),
                validation.query_schema({}, '2.99'),
            ],
            'declares schemas for 2.1– and 2.99–, which overlap',
        ),
        (
            [
                wsgi.authorize('r'),
                validation.response_body_schema({}, max_version='2.9'),
                validation.response_body_schema({}, '2.3', '2.4'),
            ],
            'declares schemas for 2.1–2.9 and 2.3–2.4, which overlap',
        ),
        (
            [wsgi.authorize('r'), validation.schema({}, '2.x')],
            'API Version String 2.x is',
        ),
    ],
)
def test_declarations_that_cannot_be_compiled(marks, reason):
    """The error names the extension and the method."""

    def method(request):
        pass

    for mark in marks:
        method = mark(method)
    with pytest.raises(exceptions.ExtensionError) as caught:
        Operation.compile('an-alias', method, names_server=False)
    assert caught.value.alias == 'an-alias'
    assert 'method' in caught.value.reason
    assert reason in caught.value.reason
