# SPDX-License-Identifier: Apache-2.0
"""Splitting a client's bytes into frames and fragments."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.fragments import Fragments

MASK = b'mask'


def masked(first: int, payload: bytes, length: int | None = None) -> bytes:
    """A client's frame.

    :param length: the length that its header says; by default, the payload's
    """
    length = len(payload) if length is None else length
    if length < 126:
        head = bytes((first, 0x80 | length))
    elif length < 65536:
        head = bytes((first, 0xFE)) + length.to_bytes(2)
    else:
        head = bytes((first, 0xFF)) + length.to_bytes(8)
    return head + MASK + bytes(b ^ MASK[i % 4] for i, b in enumerate(payload))


def read(parts: list[bytes | memoryview]) -> list[Frame]:
    """Return the frames that the library parses."""
    wire = ServerProtocol(state=OPEN, max_size=None)
    for part in parts:
        wire.receive_data(cast(bytes, part))
    return cast(list[Frame], wire.events_received())


def taken(
    fragments: Fragments, frames: int = 10**6, size: int = 10**6
) -> list[bytes | memoryview]:
    """Take everything, in turns."""
    parts = fragments.take(frames, size)
    while fragments.more:
        parts += fragments.take(frames, size)
    return parts


# A message in fragments, sometimes with control frames between them.
_MESSAGES = st.lists(
    st.tuples(
        st.sampled_from([Opcode.BINARY, Opcode.TEXT]),
        st.lists(st.binary(max_size=300), min_size=1, max_size=3),
        st.none() | st.binary(max_size=125),
    ),
    max_size=5,
)


@given(
    _MESSAGES,
    st.lists(st.integers(1, 400), min_size=1),
    st.integers(1, 5),
    st.integers(1, 400),
)
def test_any_frames(messages, reads, frames, size):
    """Messages and control frames are the same, however they are read and taken."""
    sent, controls, expected = b'', [], []
    for opcode, payloads, ping in messages:
        for index, payload in enumerate(payloads):
            last = index == len(payloads) - 1
            sent += masked((0x80 if last else 0) | (0 if index else opcode), payload)
            if ping is not None:
                sent += masked(0x89, ping)
                controls.append(ping)
        expected.append((opcode, b''.join(payloads)))
    fragments = Fragments(None)
    got = []
    at = 0
    while at < len(sent):
        step = reads[len(got) % len(reads)]
        fragments.add(sent[at : at + step])
        got += taken(fragments, frames, size) or [b'']
        at += step
    assert len(fragments) == 0
    found: list[tuple[Opcode, bytes]] = []
    open_message = False
    pings = []
    for frame in read(got):
        if frame.opcode is Opcode.PING:
            pings.append(frame.data)
            continue
        assert (frame.opcode is Opcode.CONT) == open_message
        if open_message:
            opcode, before = found.pop()
            found.append((opcode, before + frame.data))
        else:
            found.append((frame.opcode, bytes(frame.data)))
        open_message = not frame.fin
    assert not open_message
    assert found == expected
    assert pings == controls


@pytest.mark.parametrize('first', [0x82, 0x89])
def test_no_more_frames_than_asked_for(first):
    """The rest waits, and ``more`` is set."""
    fragments = Fragments(None)
    fragments.add(masked(first, b'') * 100)
    assert len(read(fragments.take(30, 10**6))) == 30
    assert fragments.more
    assert len(read(fragments.take(70, 10**6))) == 70
    assert not fragments.more
    assert fragments.take(1, 1) == []


def test_no_more_bytes_than_asked_for():
    """A frame is split where the turn ends."""
    fragments = Fragments(None)
    fragments.add(masked(0x82, b'x' * 1000))
    sizes = []
    while True:
        sizes += [len(frame.data) for frame in read_next(fragments, 400)]
        if not fragments.more:
            break
    assert sum(sizes) == 1000
    assert max(sizes) <= 400
    assert len(sizes) == 3


def read_next(fragments: Fragments, size: int) -> list[Frame]:
    """Parse the frames of one turn with a library that is within a message."""
    parts = fragments.take(100, size)
    whole = b''.join(parts)
    within = whole[0] & 0x0F == 0
    frames = read([masked(0x02, b''), whole] if within else [whole])
    return frames[1:] if within else frames


def test_an_unfinished_frame_holds_nothing():
    """Its payload is taken as fragments when it arrives."""
    fragments = Fragments(2**20)
    fragments.add(masked(0x82, bytes(1000), length=2**20))
    parts = fragments.take(100, 10**6)
    (frame,) = read(parts)
    assert (frame.opcode, frame.fin, frame.data) == (Opcode.BINARY, False, bytes(1000))
    assert len(fragments) == 0
    assert not fragments.more


@pytest.mark.parametrize(
    'sent', [b'\x82', b'\x82\x85', b'\x82\xfe\x10\x00mas', b'\x89\x85maskping']
)
def test_what_waits_for_more(sent):
    """Only a header or a control frame is buffered: a few bytes."""
    fragments = Fragments(2**20)
    fragments.add(masked(0x82, b'x' * 10**5) + sent)
    fragments.take(100, 10**6)
    assert len(fragments) == len(sent)
    assert not fragments.more


@pytest.mark.parametrize(
    ('sent', 'offence'),
    [
        (b'\x82\x05', close_codes.PROTOCOL_ERROR),  # not masked
        (b'\xc2\x81', close_codes.PROTOCOL_ERROR),  # a reserved bit
        (b'\x83\x81', close_codes.PROTOCOL_ERROR),  # an unknown opcode
        (b'\x09\x81', close_codes.PROTOCOL_ERROR),  # a fragmented ping
        (b'\x89\xfe', close_codes.PROTOCOL_ERROR),  # a long ping
        (b'\x82\xfe\x03\xe9mask', close_codes.TOO_BIG),
        (b'\x82\xff' + b'\xff' * 8 + b'mask', close_codes.TOO_BIG),
    ],
)
def test_an_offence(sent, offence):
    """It is detected in the header; earlier bytes are valid, later ones dropped."""
    fragments = Fragments(1000)
    before = masked(0x82, b'before')
    fragments.add(before + sent + b'behind')
    assert fragments.take(100, 10**6) == [before]
    assert fragments.offence is offence
    fragments.add(masked(0x82, b'x'))
    assert fragments.take(100, 10**6) == []
    assert len(fragments) == 0
    assert not fragments.more


def test_the_longest_frame():
    fragments = Fragments(1000)
    fragments.add(masked(0x82, b'x' * 1000))
    (frame,) = read(fragments.take(100, 10**6))
    assert frame.data == b'x' * 1000
    assert fragments.offence is None
