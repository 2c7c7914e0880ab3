# SPDX-License-Identifier: Apache-2.0
"""Bodies of ``remote-consoles`` and of the console actions."""

from dataclasses import replace

import pytest

from console_ext import consoles, exceptions
from console_ext.api.schemas import remote_consoles as schemas
from console_ext.wsgi.validation import Validator

REQUESTS = {
    one.action: (Validator(schemas.action(one)), one.type)
    for one in consoles.TYPES
    if one.action is not None
}
RESPONSES = {
    one.type: Validator(schemas.action_response(one)) for one in consoles.TYPES
}


def fits(validator, body):
    try:
        validator.check(body)
    except exceptions.InvalidBody:
        return False
    return True


@pytest.mark.parametrize('action', REQUESTS)
def test_requests(action):
    """Only the body of its own type is valid for an action."""
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
    """The URL from a compute host goes to a browser, so only console URLs are valid."""
    body = {'console': {'type': console_type, 'url': url}}
    assert fits(RESPONSES[console_type], body) is expected


@pytest.mark.parametrize('console_type', RESPONSES)
def test_responses(console_type):
    """No property may be missing or added."""
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
    """A type without an action has no schema."""
    with pytest.raises(ValueError, match='has no action'):
        schemas.action(replace(consoles.SERIAL, action=None))


def create(protocol, name, **more):
    return {'remote_console': {'protocol': protocol, 'type': name, **more}}


# The schemas of Nova 2026.2, by their first microversions.
NOUN = {
    '2.6': (
        Validator(schemas.CREATE_2_6),
        {'vnc', 'spice', 'serial', 'rdp'},
        {'novnc', 'xvpvnc', 'spice-html5', 'serial', 'rdp-html5'},
    ),
    '2.8': (
        Validator(schemas.CREATE_2_8),
        {'vnc', 'spice', 'serial', 'rdp', 'mks'},
        {'novnc', 'xvpvnc', 'spice-html5', 'serial', 'rdp-html5', 'webmks'},
    ),
    '2.99': (
        Validator(schemas.CREATE_2_99),
        {'vnc', 'spice', 'serial', 'rdp', 'mks'},
        {
            *('novnc', 'xvpvnc', 'spice-html5', 'serial', 'rdp-html5', 'webmks'),
            'spice-direct',
        },
    ),
}
EVERY_PROTOCOL = NOUN['2.99'][1] | {'', 'VNC', 'ssh'}
EVERY_TYPE = NOUN['2.99'][2] | {'', 'NOVNC', 'x'}


@pytest.mark.parametrize('version', NOUN)
def test_pairs(version):
    """All pairs of known protocols and types are valid; the controller checks them."""
    validator, protocols, types = NOUN[version]
    for protocol in EVERY_PROTOCOL:
        for name in EVERY_TYPE:
            expected = protocol in protocols and name in types
            assert fits(validator, create(protocol, name)) is expected


@pytest.mark.parametrize('version', NOUN)
def test_no_pairs(version):
    """A body has exactly the two properties."""
    validator = NOUN[version][0]
    for wrong in (
        None,
        [],
        {},
        {'remote_console': None},
        {'remote_console': {'protocol': 'vnc'}},
        {'remote_console': {'type': 'novnc'}},
        create('vnc', None),
        create(None, 'novnc'),
        create('vnc', 1),
        create('vnc', 'novnc', more=1),
        {**create('vnc', 'novnc'), 'more': 1},
    ):
        assert not fits(validator, wrong), wrong


def test_created():
    """The response has the pair and a URL."""
    validator = Validator(schemas.CREATED)
    assert fits(validator, create('vnc', 'novnc', url='http://h/?path=%3Ftoken%3Da'))
    assert not fits(validator, create('vnc', 'novnc'))
    assert not fits(validator, create('vnc', 'novnc', url='javascript:alert(1)'))
    assert not fits(validator, create('vnc', 'novnc', url='http://h/', token='a'))
