# SPDX-License-Identifier: Apache-2.0
"""Bodies of the console actions."""

from dataclasses import replace

import pytest

from console_ext import consoles, exceptions
from console_ext.api import schemas
from console_ext.wsgi.validation import Validator

REQUESTS = {
    one.action: (Validator(schemas.request(one)), one.type)
    for one in consoles.TYPES
    if one.action is not None
}
RESPONSES = {one.type: Validator(schemas.response(one)) for one in consoles.TYPES}


def fits(validator, body):
    try:
        validator.check(body)
    except exceptions.InvalidBody:
        return False
    return True


@pytest.mark.parametrize('action', REQUESTS)
def test_requests(action):
    """An action has one body that fits, and no other."""
    validator, console_type = REQUESTS[action]
    assert fits(validator, {action: {'type': console_type}})
    for wrong in (
        {},
        {action: None},
        {action: {}},
        {action: {'type': None}},
        {action: {'type': console_type.upper()}},
        {action: {'type': 'of-another-kind'}},
        {action: {'type': console_type, 'more': 1}},
        {action: {'type': console_type}, 'more': 1},
    ):
        assert not fits(validator, wrong), wrong
    for other, (_, other_type) in REQUESTS.items():
        if other != action:
            assert not fits(validator, {other: {'type': other_type}})


@pytest.mark.parametrize(
    ('url', 'expected'),
    [
        ('ws://127.0.0.1:6083/?token=a', True),
        ('wss://[2001:db8::1]/?token=a', True),
        ('http://h/spice_auto.html?token=a', True),
        ('https://h', True),
        ('', False),
        ('ws://', False),
        ('javascript:alert(1)', False),
        ('file:///etc/passwd', False),
        ('//h/?token=a', False),
        (' ws://h/', False),
        ('ws://h/ x', False),
        ('ws://h/\n', False),
        ('ws://h/\r\nSet-Cookie: a', False),
        ('WS://h/', False),
        (None, False),
        (7, False),
    ],
)
@pytest.mark.parametrize('console_type', RESPONSES)
def test_urls(console_type, url, expected):
    """A compute host's URL goes to a browser: a URL of a console, or nothing."""
    body = {'console': {'type': console_type, 'url': url}}
    assert fits(RESPONSES[console_type], body) is expected


@pytest.mark.parametrize('console_type', RESPONSES)
def test_responses(console_type):
    """Nothing is missing, and nothing more is told."""
    url = 'ws://h/?token=a'
    for wrong in (
        None,
        {},
        {'console': None},
        {'console': {'url': url}},
        {'console': {'type': console_type}},
        {'console': {'type': 'of-another-kind', 'url': url}},
        {'console': {'type': console_type, 'url': url, 'token': 'a'}},
        {'console': {'type': console_type, 'url': url}, 'host': 'h'},
    ):
        assert not fits(RESPONSES[console_type], wrong), wrong


def test_type_without_an_action():
    """No body asks for it."""
    with pytest.raises(ValueError, match='no action gives'):
        schemas.request(replace(consoles.SERIAL, action=None))
