# SPDX-License-Identifier: Apache-2.0
"""Parsing what a client sends, in turns."""

from __future__ import annotations

import struct

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.inbound import GIVE_WAY_BYTES, TURN_FRAMES, Inbound


def made(text=True) -> tuple[Inbound, ServerProtocol]:
    wire = ServerProtocol(state=OPEN, max_size=(None, 2**20))
    return Inbound(wire, text=text), wire


def sent(opcode: Opcode, data: bytes = b'') -> bytes:
    return Frame(opcode, data).serialize(mask=True)


def test_a_key():
    """It is parsed at once, and nothing is left."""
    inbound, wire = made()
    inbound.add(sent(Opcode.BINARY, b'x'))
    assert inbound.turn() == b'x'
    assert not inbound.more
    assert (inbound.end, inbound.offence, wire.writes) == (None, None, [])


def test_a_flood_of_frames():
    """A turn parses a limited number of frames, and the next turn continues."""
    inbound, _ = made()
    inbound.add(sent(Opcode.BINARY, b'x') * (TURN_FRAMES * 2 + 1))
    read = []
    while not read or inbound.more:
        read.append(len(inbound.turn()))
    assert read == [TURN_FRAMES, TURN_FRAMES, 1]


def test_a_flood_of_pings():
    """A turn answers a limited number of pings."""
    inbound, wire = made()
    inbound.add(sent(Opcode.PING, b'x') * (TURN_FRAMES + 1))
    inbound.turn()
    assert inbound.more
    assert len(wire.data_to_send()) == TURN_FRAMES
    inbound.turn()
    assert len(wire.data_to_send()) == 1


@pytest.mark.parametrize(('size', 'more'), [(GIVE_WAY_BYTES, True), (1000, False)])
def test_who_sends_much_gives_way(size, more):
    """Another turn follows, although nothing is left."""
    inbound, _ = made()
    inbound.add(sent(Opcode.BINARY, bytes(size)))
    assert len(inbound.turn()) == size
    assert inbound.more is more
    assert inbound.turn() == b''
    assert not inbound.more


@pytest.mark.parametrize(
    ('data', 'end', 'code'),
    [
        (sent(Opcode.CLOSE, struct.pack('!H', 1000)), close_codes.CLIENT_CLOSED, 1000),
        (sent(Opcode.CLOSE, b'x'), close_codes.PROTOCOL_ERROR, 1002),
        (sent(Opcode.CONT, b'x'), close_codes.PROTOCOL_ERROR, 1002),
        (b'\x82\x05', close_codes.PROTOCOL_ERROR, 1002),
        (
            b'\x82\xff' + struct.pack('!Q', 2**20 + 1) + b'mask',
            close_codes.TOO_BIG,
            1009,
        ),
    ],
    # Masks are random, but xdist's workers need equal test ids.
    ids=['close', 'bad close', 'stray continuation', 'no mask', 'too big'],
)
def test_the_client_ends_it(data, end, code):
    """Data before the close frame goes to the guest; data after it does not."""
    inbound, wire = made()
    key = sent(Opcode.BINARY, b'x')
    inbound.add(key + data + key)
    assert inbound.turn() == b'x'
    assert inbound.end is end
    closed, eof = wire.data_to_send()
    assert (closed[:1], closed[2:4], eof) == (b'\x88', struct.pack('!H', code), b'')
    inbound.add(key * 1000)
    assert inbound.turn() == b''
    assert (len(inbound), inbound.more, inbound.end) == (0, False, end)


def test_an_offence():
    """The session has to be closed; the library remains usable."""
    inbound, wire = made(text=False)
    inbound.add(sent(Opcode.TEXT, b'x'))
    assert inbound.turn() == b''
    assert inbound.offence is close_codes.NO_TEXT
    assert (inbound.end, wire.writes) == (None, [])
