# SPDX-License-Identifier: Apache-2.0
"""The tree of exceptions, and their texts for users."""

import inspect
import re

import pytest

from console_ext import exceptions

CLASSES = {
    name: value
    for name, value in vars(exceptions).items()
    if inspect.isclass(value) and issubclass(value, exceptions.ConsoleExtError)
}


def drawn():
    """Return class → parent, as the docstring shows them."""
    _, _, picture = exceptions.__doc__.partition('::\n')
    parents = {}
    path = []
    for line in picture.splitlines():
        match = re.match(r'\s{4}((?:│   |    )*(?:[├└]── )?)([A-Z]\w+)', line)
        if match:
            depth = len(match[1]) // 4
            path[depth:] = [match[2]]
            parents[match[2]] = path[depth - 1] if depth else 'Exception'
    return parents


def test_tree_is_drawn_as_it_is():
    """The docstring shows every class below its parent."""
    assert drawn() == {name: cls.__base__.__name__ for name, cls in CLASSES.items()}


TEXTS = [
    (
        exceptions.ServersUnavailable(),
        'Servers cannot be looked up now. Try again later.',
    ),
    (exceptions.LookUpFailed('odd'), 'the look-up of a server failed: odd'),
    (
        exceptions.StoreUnavailable(),
        'The database of console authorizations is unavailable. Try again later.',
    ),
    *(
        (
            exceptions.TokenRefused(reason),
            'This console URL is invalid or has expired. Request a new one.',
        )
        for reason in exceptions.RefusalReason
    ),
    *(
        (
            exceptions.RejoinRefused(reason),
            'This session cannot be opened again. Request a new console URL.',
        )
        for reason in exceptions.RefusalReason
    ),
    (exceptions.ConfigurationError('a\n  b'), 'a b'),
    (exceptions.ExtensionError('a', 'is not'), "API extension 'a': is not"),
    (exceptions.InventoryError('f', 'is not'), 'inventory f: is not'),
    (exceptions.InventoryError('f', 'is not', 3), 'inventory f, line 3: is not'),
    (
        exceptions.InvalidMicroversion('x'),
        'API Version String x is of invalid format. '
        'Must be of format MajorNum.MinorNum.',
    ),
    (
        exceptions.UnsupportedMicroversion((3, 0), '2.1', '2.5'),
        'Version 3.0 is not supported by the API. Minimum is 2.1 and maximum is 2.5.',
    ),
    (exceptions.UnsupportedContentType(), 'Unsupported Content-Type'),
    (exceptions.BodyTooLarge(9), 'Request is too large. Larger than 9 bytes.'),
    (exceptions.MalformedBody(), 'Malformed request body'),
    (exceptions.NoSuchAction('x'), 'There is no such action: x'),
    (exceptions.NotAtThisMicroversion(), 'The resource could not be found.'),
    (exceptions.Declined(), 'The request is not for this extension.'),
    (
        exceptions.MicroversionsUnavailable(),
        'The supported API versions cannot be determined now. Try again later.',
    ),
    (exceptions.TokenNotFound(), 'Token not found'),
    (
        exceptions.NoAuthenticationFilter(),
        'The request you have made requires authentication.',
    ),
    (
        exceptions.ProjectMismatch('a', 'b'),
        "Malformed request URL: URL's project_id 'a' doesn't match Context's "
        "project_id 'b'",
    ),
    (exceptions.InvalidBody('detail'), 'detail'),
    (exceptions.NotAuthorized('a:b'), "Policy doesn't allow a:b to be performed."),
    (exceptions.ServerNotFound('x'), 'Instance x could not be found.'),
    (exceptions.ServerNotReady('x'), 'Instance x is not ready'),
    (
        exceptions.ServerStateConflict('x', 'y', 'task_state', 'deleting'),
        "Cannot 'y' instance x while it is in task_state deleting",
    ),
    (
        exceptions.ServerStateConflict('x', 'y'),
        "Instance x is in an invalid state for 'y'",
    ),
    (exceptions.InvalidConsoleType('x'), 'Invalid console type x'),
    (exceptions.ConsoleTypeUnavailable('x'), 'Unavailable console type x.'),
    (
        exceptions.ConsoleNotSupported(),
        'The requested functionality is not supported.',
    ),
    (
        exceptions.SerialPortsExhausted(),
        'Not able to acquire a free port for the serial console',
    ),
    (
        exceptions.InvalidSerialPorts(),
        'The number of serial ports of the server is invalid',
    ),
    (
        exceptions.HostUnreachable('secret-host'),
        'The compute service of the server is unavailable.',
    ),
    (
        exceptions.ComputeNotReady(),
        'The compute service of the server is not ready.',
    ),
    (exceptions.BusUnreachable(), 'The message bus is unavailable. Try again later.'),
    (
        exceptions.TooManyCalls(),
        'Too many console requests are in progress. Try again later.',
    ),
    (exceptions.UnexpectedReply('h', 'is odd'), 'compute host h: is odd'),
    (exceptions.ConsoleMoved('x'), 'The console of server x has moved.'),
    (exceptions.TargetUnreachable('h', 1, 'timed out'), 'h port 1: timed out'),
    (exceptions.TargetRefused('h', 1, 'no TLS'), 'h port 1: no TLS'),
    (
        exceptions.TargetForbidden('h'),
        'h is not in [console_proxy] allowed_targets',
    ),
    (
        exceptions.TooManySessions('client'),
        'The client has reached its limit of console sessions.',
    ),
    (exceptions.ProxyBusy(), 'Too many consoles are being opened.'),
]


@pytest.mark.parametrize(
    ('error', 'text'), TEXTS, ids=lambda value: type(value).__name__
)
def test_text(error, text):
    """The text is made from the values; if Nova has a text, it is the same."""
    assert str(error) == text


def test_every_class_has_its_text_here():
    """Every leaf class is in the table above."""
    leaves = {cls for cls in CLASSES.values() if not cls.__subclasses__()}
    assert leaves <= {type(error) for error, _ in TEXTS}


@pytest.mark.parametrize(
    ('error', 'values'),
    [
        (exceptions.ExtensionError('a', 'r'), {'alias': 'a', 'reason': 'r'}),
        (
            exceptions.InventoryError('p', 'r', 2),
            {'path': 'p', 'reason': 'r', 'line': 2},
        ),
        (exceptions.InvalidMicroversion('t'), {'text': 't'}),
        (
            exceptions.UnsupportedMicroversion((1, 2), 'a', 'b'),
            {'requested': (1, 2), 'minimum': 'a', 'maximum': 'b'},
        ),
        (exceptions.NoSuchAction('a'), {'action': 'a'}),
        (
            exceptions.ProjectMismatch('u', None),
            {'url_project_id': 'u', 'project_id': None},
        ),
        (exceptions.InvalidBody('d'), {'detail': 'd'}),
        (exceptions.NotAuthorized('r'), {'rule': 'r'}),
        (exceptions.ServerNotFound('s'), {'server_id': 's'}),
        (exceptions.ServerNotReady('s'), {'server_id': 's'}),
        (
            exceptions.ServerStateConflict('s', 'o', 'vm_state', 'st'),
            {
                'server_id': 's',
                'operation': 'o',
                'attribute': 'vm_state',
                'state': 'st',
            },
        ),
        (exceptions.InvalidConsoleType('c'), {'console_type': 'c'}),
        (exceptions.ConsoleTypeUnavailable('c'), {'console_type': 'c'}),
        (exceptions.HostUnreachable('h'), {'host': 'h'}),
        (exceptions.LookUpFailed('r'), {'reason': 'r'}),
        (exceptions.UnexpectedReply('h', 'r'), {'host': 'h', 'reason': 'r'}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values(error, values):
    """The values of an exception are its attributes."""
    assert vars(error) == values
