# SPDX-License-Identifier: Apache-2.0
"""Control messages of the subprotocol console-ext.v1."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.control import (
    MAX_MESSAGE_BYTES,
    WINDOW_BYTES,
    Control,
    Window,
    rejoin_message,
)
from console_ext.store.authorization import RejoinKey


def told(*messages: bytes) -> Control:
    control = Control()
    for message in messages:
        control.add(Frame(Opcode.TEXT, message))
    return control


def test_what_is_drawn():
    """Counts are totals, so a lost or extra message does no harm."""
    control = told(
        b'{"drawn": 5}', b'{}', b'{"drawn": 5, "later": [1]}', b'{"later": 1}'
    )
    assert (control.drawn, control.offence) == (5, None)
    assert control.reports


def test_a_client_that_does_not_report():
    """It is never behind, and cannot begin to report later."""
    assert not told(b'{"drawn": null}').reports
    control = told(b'{"drawn": 5}', b'{"drawn": null}')
    window = Window()
    window.move(WINDOW_BYTES + 6, 5)
    assert window.closed
    window.move(2**60, control.drawn)
    assert not window.closed
    assert control.offence is None
    control.add(Frame(Opcode.TEXT, b'{"drawn": 6}'))
    assert control.offence is close_codes.BAD_CONTROL


@pytest.mark.parametrize(
    'message',
    [
        b'',
        b'5',
        b'{"drawn": 4}',
        b'{"drawn": "6"}',
        b'{"drawn": 6.5}',
        b'{"drawn": true}',
        b'{"drawn": NaN}',
        b'{"drawn"',
        b'\xff',
        b'[' * MAX_MESSAGE_BYTES,
        b'{"x": "%s"}' % (b'x' * MAX_MESSAGE_BYTES),
    ],
)
def test_invalid_messages(message):
    """The session ends with a reason."""
    control = told(b'{"drawn": 5}', message)
    assert (control.drawn, control.offence) == (5, close_codes.BAD_CONTROL)


@given(st.binary(max_size=200))
def test_any_bytes(message):
    """Any bytes are handled."""
    told(message)


def test_a_message_in_fragments():
    """The length of all fragments together is limited."""
    control = Control()
    control.add(Frame(Opcode.TEXT, b'{"drawn"', fin=False))
    control.add(Frame(Opcode.CONT, b': 7}'))
    assert control.drawn == 7
    for _ in range(MAX_MESSAGE_BYTES):
        control.add(Frame(Opcode.CONT, b'  ', fin=False))
    assert control.offence is close_codes.BAD_CONTROL


def test_the_window():
    """It closes when the client is too far behind, and opens at half of that."""
    window = Window()
    window.move(WINDOW_BYTES, 0)
    assert not window.closed
    window.move(WINDOW_BYTES + 1, 0)
    assert window.closed
    window.move(WINDOW_BYTES + 1, WINDOW_BYTES // 2)
    assert window.closed
    window.move(WINDOW_BYTES + 1, WINDOW_BYTES // 2 + 1)
    assert not window.closed


def test_a_rejoin_message():
    message = rejoin_message(RejoinKey('a-key', 60))
    assert json.loads(message) == {'rejoin': 'a-key', 'within': 60}
    assert len(message) < 126
