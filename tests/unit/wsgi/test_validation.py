# SPDX-License-Identifier: Apache-2.0
"""JSON schemas, with Nova's error messages."""

import copy

import jsonschema
import pytest

from console_ext import consoles, exceptions
from console_ext.api.schemas import remote_consoles as schemas
from console_ext.wsgi.validation import Validator

SERIAL = Validator(schemas.action(consoles.SERIAL))
SPICE = Validator(schemas.action(consoles.SPICE_HTML5))

# Recorded answers of Nova 2026.2.
SEEN = [
    (SERIAL, float('nan'), 'type', "nan. nan is not of type 'string'"),
    (
        SERIAL,
        'spice-html5',
        'type',
        "spice-html5. 'spice-html5' is not one of ['serial']",
    ),
    (SERIAL, '', 'type', ". '' is not one of ['serial']"),
    (SERIAL, None, 'type', "None. None is not of type 'string'"),
    (SERIAL, ['serial'], 'type', "['serial']. ['serial'] is not of type 'string'"),
    (SPICE, 'serial', 'type', "serial. 'serial' is not one of ['spice-html5']"),
    (SPICE, None, 'type', "None. None is not of type 'string'"),
]
SEEN_OF_THE_ACTION = [
    (SERIAL, {}, "{}. 'type' is a required property"),
    (
        SERIAL,
        {'type': 'serial', 'extra': True},
        "{'type': 'serial', 'extra': True}. "
        "Additional properties are not allowed ('extra' was unexpected)",
    ),
    (
        SERIAL,
        {'type': 'serial', 'b': 1, 'a': 2},
        "{'type': 'serial', 'b': 1, 'a': 2}. "
        "Additional properties are not allowed ('a', 'b' were unexpected)",
    ),
    (SERIAL, {'extra': True}, "{'extra': True}. 'type' is a required property"),
    (SERIAL, [], "[]. [] is not of type 'object'"),
    (SERIAL, 3, "3. 3 is not of type 'object'"),
    (SPICE, {}, "{}. 'type' is a required property"),
    (SPICE, None, "None. None is not of type 'object'"),
]
ACTIONS = {SERIAL: 'os-getSerialConsole', SPICE: 'os-getSPICEConsole'}


def detail(validator, body, **how):
    with pytest.raises(exceptions.InvalidBody) as caught:
        validator.check(body, **how)
    return caught.value.detail


@pytest.mark.parametrize(('validator', 'value', 'field', 'words'), SEEN)
def test_words_about_the_type(validator, value, field, words):
    """The field, the value and the violated rule."""
    expected = f'Invalid input for field/attribute {field}. Value: {words}'
    assert detail(validator, {ACTIONS[validator]: {'type': value}}) == expected


@pytest.mark.parametrize(('validator', 'value', 'words'), SEEN_OF_THE_ACTION)
def test_words_about_the_action(validator, value, words):
    """Errors outside of the type."""
    action = ACTIONS[validator]
    expected = f'Invalid input for field/attribute {action}. Value: {words}'
    assert detail(validator, {action: value}) == expected


def test_words_about_the_whole_body():
    """The message names no field."""
    assert detail(SERIAL, {}) == "'os-getSerialConsole' is a required property"
    assert detail(SERIAL, {'os-getSerialConsole': {'type': 'serial'}, 'x': 1}) == (
        "Additional properties are not allowed ('x' was unexpected)"
    )


@pytest.mark.parametrize('legacy', [False, True])
def test_good_bodies(legacy):
    """There is no error, and the body is unchanged."""
    body = {'os-getSerialConsole': {'type': 'serial'}}
    before = copy.deepcopy(body)
    SERIAL.check(body, legacy=legacy)
    assert body == before


def test_legacy_lets_unknown_properties_pass():
    """At every depth, as in Nova's /v2; other rules still apply."""
    extra = {'os-getSerialConsole': {'type': 'serial', 'extra': 1}, 'more': 2}
    SERIAL.check(extra, legacy=True)
    for body in ({}, {'os-getSerialConsole': {'type': 'x'}}):
        assert detail(SERIAL, body, legacy=True) == detail(SERIAL, body)


def test_leniency_changes_no_schema():
    """The strict schema stays unchanged, and true is valid too."""
    schema = {
        'type': 'object',
        'additionalProperties': False,
        'properties': {
            'a': {'type': 'object', 'additionalProperties': {'type': 'integer'}},
            'b': {'prefixItems': [{'additionalProperties': False}]},
        },
    }
    before = copy.deepcopy(schema)
    validator = Validator(schema)
    assert schema == before
    validator.check({'x': 1, 'b': [{'y': 2}]}, legacy=True)
    detail(validator, {'x': 1})
    # A schema for additional properties does not forbid them.
    detail(validator, {'a': {'n': 'text'}}, legacy=True)


@pytest.mark.parametrize(
    'schema', [{'type': 'nonsense'}, {'required': 'a'}, {'minLength': -1}]
)
def test_invalid_schema(schema):
    """It is found when it is compiled."""
    with pytest.raises(jsonschema.SchemaError):
        Validator(schema)


def test_formats_are_not_checked():
    """Nova does not check formats; the result must not depend on the installation."""
    Validator({'type': 'string', 'format': 'uuid'}).check('no uuid')
