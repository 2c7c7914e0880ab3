# SPDX-License-Identifier: Apache-2.0
"""Frames, of any kind, without sockets."""

from __future__ import annotations

import asyncio
import struct
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from console_ext.proxy.deadlines import Timing
from console_ext.proxy.relay import ClientSide, TargetSide, binary_header


@pytest.mark.parametrize('length', [0, 1, 125, 126, 65535, 65536, 2**18])
def test_binary_header(length):
    """Byte for byte the library's."""
    data = bytes(length)
    assert binary_header(length) + data == Frame(Opcode.BINARY, data).serialize(
        mask=False
    )


class Transport(mock.Mock):
    """A connection that takes everything and remembers it."""

    def __init__(self, **options):
        super().__init__(spec=asyncio.Transport, **options)
        self.sent = bytearray()
        self.closing = False
        self.write.side_effect = self.sent.extend
        self.is_closing.side_effect = lambda: self.closing
        self.is_reading.return_value = False
        self.get_write_buffer_size.return_value = 0
        self.can_write_eof.return_value = True
        self.close.side_effect = self.abort.side_effect = self._close

    def _close(self):
        self.closing = True

    def _get_child_mock(self, **options):
        return mock.Mock(**options)


def relayed(
    chunks: list[bytes], *, text: bool = True
) -> tuple[ClientSide, bytes, bytes]:
    """
    :returns: the session, what went to the client, what went to the guest
    """

    async def run():
        ended = []
        wire = ServerProtocol(state=OPEN, max_size=(None, 1000))
        client = ClientSide(wire, Timing(), text=text, expires=None, ended=ended.append)
        guest = TargetSide()
        to_client, to_guest = Transport(), Transport()
        guest.connection_made(to_guest)
        client.begin(to_client, guest, b'', b'')
        for chunk in chunks:
            if not to_client.closing:
                client.data_received(chunk)
        client.connection_lost(None)
        assert ended == [client]
        return client, bytes(to_client.sent), bytes(to_guest.sent)

    return asyncio.run(run())


_FRAMES = st.builds(
    lambda first, length, mask, data: bytes([first, length]) + mask + data,
    st.integers(0, 255),
    st.integers(0, 255),
    st.binary(max_size=4),
    st.binary(max_size=130),
)


@settings(max_examples=300)
@given(st.lists(st.one_of(_FRAMES, st.binary(max_size=50)), max_size=6), st.booleans())
def test_any_bytes(chunks, text):
    """No bytes of a client are an error of ours, and the session ends once."""
    client, _, to_guest = relayed(chunks, text=text)
    assert client.end is not None
    assert client.from_client == len(to_guest) <= sum(map(len, chunks))


@given(st.binary(max_size=2000), st.lists(st.integers(1, 900)), st.integers(1, 64))
def test_any_fragments(data, cuts, read):
    """However a message is cut into frames, and frames into reads, its bytes arrive."""
    parts, rest = [], data
    for cut in cuts:
        parts.append(rest[:cut])
        rest = rest[cut:]
    parts += [rest[start : start + 900] for start in range(0, len(rest), 900)] or [b'']
    sent = b''
    for index, part in enumerate(parts):
        opcode = Opcode.BINARY if index == 0 else Opcode.CONT
        fin = index == len(parts) - 1
        sent += Frame(opcode, part, fin).serialize(mask=True)
    chunks = [sent[start : start + read] for start in range(0, len(sent), read)]
    _, _, to_guest = relayed(chunks)
    assert to_guest == data


@given(st.text(max_size=300), st.integers(1, 7))
def test_text_in_fragments(text, size):
    """Fragments may cut letters, and the guest gets the UTF-8."""
    data = text.encode()
    parts = [data[start : start + size] for start in range(0, len(data), size)] or [b'']
    sent = [
        Frame(
            Opcode.TEXT if index == 0 else Opcode.CONT, part, index == len(parts) - 1
        ).serialize(mask=True)
        for index, part in enumerate(parts)
    ]
    client, _, to_guest = relayed(sent)
    assert (to_guest, client.end.name) == (data, 'client lost')


def test_a_letter_that_does_not_end():
    """A text message may not stop within one."""
    client, to_client, _ = relayed([Frame(Opcode.TEXT, b'\xc3').serialize(mask=True)])
    assert client.end.name == 'not UTF-8'
    assert to_client[2:4] == struct.pack('!H', 1007)
