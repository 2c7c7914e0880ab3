# SPDX-License-Identifier: Apache-2.0
"""A session, without sockets."""

from __future__ import annotations

import asyncio
import socket
import struct

from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from console_ext.proxy.deadlines import Timing
from console_ext.proxy.guest import Guest
from console_ext.proxy.session import Session
from tests.unit.proxy.transport import Transport


def relayed(chunks: list[bytes], *, text: bool = True) -> tuple[Session, bytes, bytes]:
    """
    :returns: the session, what went to the client, what went to the guest
    """

    async def run():
        ended = []
        wire = ServerProtocol(state=OPEN, max_size=(None, 1000))
        session = Session(wire, Timing(), text=text, expires=None, ended=ended.append)
        guest = Guest(b'')
        to_client, to_guest = Transport(), Transport()
        guest.connection_made(to_guest)
        session.begin(to_client, guest, b'')
        for chunk in chunks:
            if not to_client.closing:
                session.data_received(chunk)
        session.connection_lost(None)
        assert ended == [session]
        return session, bytes(to_client.sent), bytes(to_guest.sent)

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
    session, _, to_guest = relayed(chunks, text=text)
    assert session.end is not None
    assert session.from_client == len(to_guest) <= sum(map(len, chunks))


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
    session, _, to_guest = relayed(sent)
    assert (to_guest, session.end.name) == (data, 'client lost')


def test_a_letter_that_does_not_end():
    """A text message may not stop within one."""
    session, to_client, _ = relayed([Frame(Opcode.TEXT, b'\xc3').serialize(mask=True)])
    assert session.end.name == 'not UTF-8'
    assert to_client[2:4] == struct.pack('!H', 1007)


def test_the_client_is_read_again_when_a_full_guest_is_lost():
    """Its answer to the close frame is waited for."""

    async def run():
        wire = ServerProtocol(state=OPEN)
        session = Session(wire, Timing(), text=True, expires=None, ended=print)
        guest = Guest(b'')
        guest.connection_made(Transport())
        transport = Transport()
        session.begin(transport, guest, b'')
        guest.pause_writing()
        guest.eof_received()
        assert not transport.reading
        guest.connection_lost(OSError())
        assert transport.reading

    asyncio.run(run())


def test_a_client_that_ends_its_half_and_does_not_read(loop_factory, monkeypatch):
    """It is cut: there is nobody to take what is left for it."""
    monkeypatch.setattr('console_ext.proxy.session.CLOSE_S', 0.05)

    async def run():
        ended = asyncio.Event()
        wire = ServerProtocol(state=OPEN)
        session = Session(
            wire, Timing(), text=True, expires=None, ended=lambda _: ended.set()
        )
        loop = asyncio.get_running_loop()
        ours, client = socket.socketpair()
        with ours, client:
            transport, _ = await loop.create_connection(lambda: session, sock=ours)
            transport.pause_reading()
            guest = Guest(b'')
            guest_transport = Transport()
            guest.connection_made(guest_transport)
            session.begin(transport, guest, b'')
            while guest_transport.reading:
                guest.data_received(bytes(2**18))
            client.shutdown(socket.SHUT_WR)
            await asyncio.wait_for(ended.wait(), 5)
            assert session.end.name == 'client lost'

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())
