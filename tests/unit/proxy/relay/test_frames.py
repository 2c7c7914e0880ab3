# SPDX-License-Identifier: Apache-2.0
"""The part of WebSocket frames that the library leaves to its caller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.control import Control
from console_ext.proxy.relay.frames import FrameFilter, binary_header


@pytest.mark.parametrize('length', [0, 1, 125, 126, 65535, 65536, 2**18])
def test_binary_header(length):
    """The header equals that of the library."""
    data = bytes(length)
    assert binary_header(length) + data == Frame(Opcode.BINARY, data).serialize(
        mask=False
    )


@pytest.mark.parametrize(
    ('opcode', 'expected'),
    [
        (Opcode.BINARY, True),
        (Opcode.TEXT, True),
        (Opcode.PING, False),
        (Opcode.PONG, False),
        (Opcode.CLOSE, False),
    ],
)
def test_what_is_for_the_guest(opcode, expected):
    """Data frames; the library answers the others."""
    incoming = FrameFilter(text=True)
    assert incoming.is_data(Frame(opcode, b'x')) is expected
    assert incoming.offence is None


@given(st.text(max_size=50), st.integers(1, 7))
def test_fragments_of_text(text, size):
    """Fragments may split characters, and a ping may come between them."""
    data = text.encode()
    parts = [data[start : start + size] for start in range(0, len(data), size)] or [b'']
    incoming = FrameFilter(text=True)
    for index, part in enumerate(parts):
        opcode = Opcode.CONT if index else Opcode.TEXT
        assert incoming.is_data(Frame(opcode, part, index == len(parts) - 1))
        assert not incoming.is_data(Frame(Opcode.PING, b''))
    assert incoming.offence is None


@pytest.mark.parametrize(
    ('text', 'frames', 'offence'),
    [
        (False, [Frame(Opcode.TEXT, b'x')], close_codes.NO_TEXT),
        (True, [Frame(Opcode.TEXT, b'\xff')], close_codes.NOT_UTF8),
        # A character that is incomplete at the end of the message.
        (True, [Frame(Opcode.TEXT, b'\xc3')], close_codes.NOT_UTF8),
        (
            True,
            [Frame(Opcode.TEXT, b'\xc3', fin=False), Frame(Opcode.CONT, b'x')],
            close_codes.NOT_UTF8,
        ),
    ],
)
def test_an_offence(text, frames, offence):
    """Neither this frame nor any later one is for the guest."""
    incoming = FrameFilter(text=text)
    *before, offending = frames
    assert all(incoming.is_data(frame) for frame in before)
    assert not incoming.is_data(offending)
    assert incoming.offence is offence
    assert not incoming.is_data(Frame(Opcode.BINARY, b'x'))


def test_binary_data_is_any():
    """Binary data need not be UTF-8, even after text and in fragments."""
    incoming = FrameFilter(text=True)
    for frame in (
        Frame(Opcode.TEXT, b'x'),
        Frame(Opcode.BINARY, b'\xff', fin=False),
        Frame(Opcode.CONT, b'\xff'),
    ):
        assert incoming.is_data(frame)
    assert incoming.offence is None


@pytest.mark.parametrize('text', [True, False])
def test_control(text):
    """If text frames are control messages, they are not for the guest."""
    control = Control()
    incoming = FrameFilter(text=text, control=control)
    assert not incoming.is_data(Frame(Opcode.TEXT, b'{"drawn":', fin=False))
    assert not incoming.is_data(Frame(Opcode.CONT, b' 5}'))
    assert control.drawn == 5
    assert incoming.is_data(Frame(Opcode.BINARY, b'x', fin=False))
    assert incoming.is_data(Frame(Opcode.CONT, b'x'))
    assert not incoming.is_data(Frame(Opcode.TEXT, b'x'))
    assert incoming.offence is close_codes.BAD_CONTROL
    assert not incoming.is_data(Frame(Opcode.BINARY, b'x'))
