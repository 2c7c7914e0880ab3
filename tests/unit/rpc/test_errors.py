# SPDX-License-Identifier: Apache-2.0
"""Both tables of error names."""

import pytest

from console_ext import exceptions
from console_ext.rpc import errors

ASKED_SERIAL = ('an-id', 'serial', 'get_serial_console')
ASKED_SPICE = ('an-id', 'spice-html5', 'get_spice_console')

# A remote name, and its exception for a serial and for a SPICE console.
FROM_WIRE = [
    ('InstanceNotFound', exceptions.ServerNotFound, exceptions.ServerNotFound),
    ('InstanceNotReady', exceptions.ServerNotReady, exceptions.ServerNotReady),
    (
        'InstanceInvalidState',
        exceptions.ServerStateConflict,
        exceptions.ServerStateConflict,
    ),
    (
        'ConsoleTypeInvalid',
        exceptions.InvalidConsoleType,
        exceptions.InvalidConsoleType,
    ),
    (
        'ConsoleTypeUnavailable',
        exceptions.ConsoleTypeUnavailable,
        exceptions.ConsoleTypeUnavailable,
    ),
    (
        'NotImplementedError',
        exceptions.ConsoleNotSupported,
        exceptions.ConsoleNotSupported,
    ),
    ('MessagingTimeout', exceptions.ComputeNotReady, exceptions.ComputeNotReady),
    ('MessageDeliveryFailure', exceptions.ComputeNotReady, exceptions.ComputeNotReady),
    ('SocketPortRangeExhaustedException', *2 * [exceptions.SerialPortsExhausted]),
    ('ImageSerialPortNumberInvalid', *2 * [exceptions.InvalidSerialPorts]),
    ('ImageSerialPortNumberExceedFlavorValue', *2 * [exceptions.InvalidSerialPorts]),
    ('ConsoleNotAvailable', None, None),
    ('Forbidden', None, None),
    ('UnsupportedVersion', None, None),
    ('NoSuchMethod', None, None),
    ('ObjectActionError', None, None),
    ('ValueError', None, None),
    ('KeyError', None, None),
    ('', None, None),
]

TO_WIRE = [
    (exceptions.ServerNotFound('an-id'), 'InstanceNotFound'),
    (exceptions.ServerNotReady('an-id'), 'InstanceNotReady'),
    (exceptions.ServerStateConflict('an-id', 'x'), 'InstanceInvalidState'),
    (exceptions.InvalidConsoleType('x'), 'ConsoleTypeInvalid'),
    (exceptions.ConsoleTypeUnavailable('x'), 'ConsoleTypeUnavailable'),
    (exceptions.ConsoleNotSupported(), 'NotImplementedError'),
    (exceptions.SerialPortsExhausted(), 'SocketPortRangeExhaustedException'),
    (exceptions.InvalidSerialPorts(), 'ImageSerialPortNumberInvalid'),
]


@pytest.mark.parametrize(('name', 'serial', 'spice'), FROM_WIRE)
def test_from_wire(name, serial, spice):
    """A known name gives our exception, an unknown one None."""
    for asked, expected in ((ASKED_SERIAL, serial), (ASKED_SPICE, spice)):
        error = errors.from_wire(name, asked)
        assert (None if error is None else type(error)) is expected


def test_values_are_our_own():
    """The text is made from the call, not from the answer."""
    not_found = errors.from_wire('InstanceNotFound', ASKED_SERIAL)
    conflict = errors.from_wire('InstanceInvalidState', ASKED_SPICE)
    invalid = errors.from_wire('ConsoleTypeInvalid', ASKED_SPICE)
    assert not_found.server_id == 'an-id'
    assert (conflict.server_id, conflict.operation) == ('an-id', 'get_spice_console')
    assert invalid.console_type == 'spice-html5'


@pytest.mark.parametrize(('error', 'name'), TO_WIRE, ids=lambda value: str(value)[:20])
def test_to_wire(error, name):
    """A caller, such as nova-api, recognises the class name and module."""
    wire = errors.to_wire(error)
    assert type(wire).__name__ == name
    builtin = name == 'NotImplementedError'
    assert type(wire).__module__ == ('builtins' if builtin else 'nova.exception')
    assert str(wire) == str(error)


def test_every_console_error_has_a_name():
    """A driver may raise any of them."""
    assert {type(error) for error, _ in TO_WIRE} == set(
        exceptions.ConsoleError.__subclasses__()
    )


@pytest.mark.parametrize(('error', 'name'), TO_WIRE, ids=lambda value: str(value)[:20])
def test_there_and_back(error, name):
    """Between our client and server, errors of serial consoles stay the same."""
    returned = errors.from_wire(type(errors.to_wire(error)).__name__, ASKED_SERIAL)
    assert type(returned) is type(error)
