# SPDX-License-Identifier: Apache-2.0
"""Queries and responses of ``os-console-auth-tokens``."""

import pytest

from console_ext import exceptions
from console_ext.api.schemas import console_auth_tokens as schemas
from console_ext.wsgi.validation import Validator

CONSOLE = {
    'instance_uuid': 'an-id',
    'host': '192.0.2.1',
    'port': 5900,
    'internal_access_path': None,
}


def fits(schema, body):
    try:
        Validator(schema).check(body)
    except exceptions.InvalidBody:
        return False
    return True


def test_queries():
    """Any query is valid before 2.99; then none."""
    assert fits(schemas.SHOW_QUERY, {'x': ['1']})
    assert fits(schemas.SHOW_QUERY_2_99, {})
    assert not fits(schemas.SHOW_QUERY_2_99, {'x': ['1']})


@pytest.mark.parametrize(
    ('change', 'earlier', 'since_2_99'),
    [
        ({}, True, True),
        ({'internal_access_path': '/path'}, True, True),
        ({'tls_port': 5901}, False, True),
        ({'tls_port': None}, False, True),
        ({'tls_port': '5901'}, False, False),
        ({'port': '5900'}, False, False),
        ({'port': 0}, False, False),
        ({'host': None}, False, False),
        ({'token': 'a'}, False, False),
    ],
)
def test_responses(change, earlier, since_2_99):
    """The TLS port exists since 2.99."""
    body = {'console': {**CONSOLE, **change}}
    assert fits(schemas.SHOWN, body) is earlier
    assert fits(schemas.SHOWN_2_99, body) is since_2_99


@pytest.mark.parametrize('name', CONSOLE)
def test_nothing_is_missing(name):
    """Each of the four properties is required."""
    console = {key: value for key, value in CONSOLE.items() if key != name}
    assert not fits(schemas.SHOWN, {'console': console})
    assert not fits(schemas.SHOWN_2_99, {'console': console})
