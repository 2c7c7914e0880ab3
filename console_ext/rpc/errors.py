# SPDX-License-Identifier: Apache-2.0
"""Maps exceptions to the class names of Nova's exceptions in RPC, and back.

The text of a remote exception contains internals of the remote host and its traceback.
It is never shown.  The text of the local exception is made from local values.
"""

from __future__ import annotations

from collections.abc import Callable

import oslo_messaging

from console_ext import exceptions

# A call: (the server's id, the console type, Nova's name of the method).
RemoteCall = tuple[str, str, str]

_FROM_WIRE: dict[str, Callable[[RemoteCall], exceptions.ConsoleExtError]] = {
    'InstanceNotFound': lambda call: exceptions.ServerNotFound(call[0]),
    'InstanceNotReady': lambda call: exceptions.ServerNotReady(call[0]),
    'InstanceInvalidState': lambda call: exceptions.ServerStateConflict(
        call[0], call[2]
    ),
    'ConsoleTypeInvalid': lambda call: exceptions.InvalidConsoleType(call[1]),
    'ConsoleTypeUnavailable': lambda call: exceptions.ConsoleTypeUnavailable(call[1]),
    'NotImplementedError': lambda call: exceptions.ConsoleNotSupported(),
    # nova-compute calls its conductor, which may take longer than this process to
    # reconnect to a broker.
    'MessagingTimeout': lambda call: exceptions.ComputeNotReady(),
    'MessageDeliveryFailure': lambda call: exceptions.ComputeNotReady(),
    'SocketPortRangeExhaustedException': lambda call: exceptions.SerialPortsExhausted(),
    'ImageSerialPortNumberInvalid': lambda call: exceptions.InvalidSerialPorts(),
    'ImageSerialPortNumberExceedFlavorValue': lambda call: (
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


def from_wire(name: str, call: RemoteCall) -> exceptions.ConsoleExtError | None:
    """Return the local exception for a remote class name; None if it is unexpected."""
    make = _FROM_WIRE.get(name)
    return None if make is None else make(call)


_NOVA = 'nova.exception'

# Errors of these packages come from the bus, not from the remote host.
_OF_THE_BUS = frozenset({'amqp', 'kombu', 'oslo_messaging'})
_OF_THE_HOST = (
    oslo_messaging.MessageUndeliverable,
    oslo_messaging.MessagingTimeout,
    oslo_messaging.RemoteError,
    TimeoutError,
)


def is_of_the_bus(error: Exception) -> bool:
    """Whether the bus has failed, not the host.

    A remote built-in exception arrives with its own class, and so do all exceptions if
    client and server run in the same process.
    """
    if isinstance(error, _OF_THE_HOST):
        return False
    package = type(error).__module__.partition('.')[0]
    return isinstance(error, OSError) or package in _OF_THE_BUS


def to_wire(error: exceptions.ConsoleError) -> Exception:
    """Return an exception whose class name the caller knows.

    oslo.messaging sends the name and the module of the class.  nova-api only accepts
    classes of the module ``nova.exception``.
    """
    name = _TO_WIRE[type(error)]
    if name == 'NotImplementedError':
        return NotImplementedError(str(error))
    wire_class: type[Exception] = type(name, (Exception,), {'__module__': _NOVA})
    return wire_class(str(error))
