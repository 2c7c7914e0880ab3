# SPDX-License-Identifier: Apache-2.0
"""Errors as they travel: by the names of Nova's exception classes.

The text that comes with a name is the remote host's own, followed by its traceback.
It is never shown to anyone: the local exception makes its text from what we know.
"""

from __future__ import annotations

from collections.abc import Callable

import oslo_messaging

from console_ext import exceptions

# What was asked for: (server's id, console type, Nova's name of the method).
Asked = tuple[str, str, str]

_FROM_WIRE: dict[str, Callable[[Asked], exceptions.ConsoleExtError]] = {
    'InstanceNotFound': lambda asked: exceptions.ServerNotFound(asked[0]),
    'InstanceNotReady': lambda asked: exceptions.ServerNotReady(asked[0]),
    'InstanceInvalidState': lambda asked: exceptions.ServerStateConflict(
        asked[0], asked[2]
    ),
    'ConsoleTypeInvalid': lambda asked: exceptions.InvalidConsoleType(asked[1]),
    'ConsoleTypeUnavailable': lambda asked: exceptions.ConsoleTypeUnavailable(asked[1]),
    'NotImplementedError': lambda asked: exceptions.ConsoleNotSupported(),
    # A nova-compute asks its conductor, which finds a broker that was away later than
    # we do.
    'MessagingTimeout': lambda asked: exceptions.ComputeNotReady(),
    'MessageDeliveryFailure': lambda asked: exceptions.ComputeNotReady(),
    'SocketPortRangeExhaustedException': lambda asked: (
        exceptions.SerialPortsExhausted()
    ),
    'ImageSerialPortNumberInvalid': lambda asked: exceptions.InvalidSerialPorts(),
    'ImageSerialPortNumberExceedFlavorValue': lambda asked: (
        exceptions.InvalidSerialPorts()
    ),
}

_TO_WIRE: dict[type[exceptions.ConsoleExtError], str] = {
    exceptions.ServerNotFound: 'InstanceNotFound',
    exceptions.ServerNotReady: 'InstanceNotReady',
    exceptions.ServerStateConflict: 'InstanceInvalidState',
    exceptions.InvalidConsoleType: 'ConsoleTypeInvalid',
    exceptions.ConsoleTypeUnavailable: 'ConsoleTypeUnavailable',
    exceptions.ConsoleNotSupported: 'NotImplementedError',
    exceptions.SerialPortsExhausted: 'SocketPortRangeExhaustedException',
    exceptions.InvalidSerialPorts: 'ImageSerialPortNumberInvalid',
}


def from_wire(name: str, asked: Asked) -> exceptions.ConsoleExtError | None:
    """The local exception for a remote class name; None for one we do not expect."""
    make = _FROM_WIRE.get(name)
    return None if make is None else make(asked)


_NOVA = 'nova.exception'

# Packages whose errors are the bus's own, and say nothing of the remote host.
_OF_THE_BUS = frozenset({'amqp', 'kombu', 'oslo_messaging'})
_OF_THE_HOST = (
    oslo_messaging.MessageUndeliverable,
    oslo_messaging.MessagingTimeout,
    oslo_messaging.RemoteError,
    TimeoutError,
)


def is_of_the_bus(error: Exception) -> bool:
    """Whether it is the way to the host that failed, rather than the host.

    A remote builtin comes back as itself, and in one process everything does.
    """
    if isinstance(error, _OF_THE_HOST):
        return False
    package = type(error).__module__.partition('.')[0]
    return isinstance(error, OSError) or package in _OF_THE_BUS


def to_wire(error: exceptions.ConsoleError) -> Exception:
    """An exception that a caller, ours or a real nova-api, knows by its name.

    oslo.messaging sends the class's name and module; nova-api rebuilds only what
    comes from ``nova.exception``.
    """
    name = _TO_WIRE[type(error)]
    if name == 'NotImplementedError':
        return NotImplementedError(str(error))
    wire_class: type[Exception] = type(name, (Exception,), {'__module__': _NOVA})
    return wire_class(str(error))
