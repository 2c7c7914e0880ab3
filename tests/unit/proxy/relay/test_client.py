# SPDX-License-Identifier: Apache-2.0
"""A session, without sockets."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.client import Session
from console_ext.proxy.relay.control import WINDOW_BYTES
from console_ext.proxy.relay.guest import Guest
from console_ext.proxy.relay.inbound import TURN_FRAMES
from console_ext.proxy.relay.memory import Room, Share
from console_ext.proxy.relay.timeouts import Timing
from console_ext.proxy.relay.turns import Turns
from tests.unit.proxy.transport import Transport


def made(
    wire: ServerProtocol,
    ended,
    *,
    timing=None,
    turns=None,
    room=None,
    text=True,
    control=False,
) -> Session:
    return Session(
        wire,
        timing or Timing(),
        Turns() if turns is None else turns,
        Share(Room(0, 0) if room is None else room, 'project'),
        text=text,
        control=control,
        expires=None,
        ended=ended,
    )


def relayed(chunks: list[bytes], *, text: bool = True) -> tuple[Session, bytes, bytes]:
    """
    :returns: the session, the bytes sent to the client, and those sent to the guest
    """

    async def run():
        ended = []
        wire = ServerProtocol(state=OPEN, max_size=(None, 1000))
        turns = Turns()
        session = made(wire, ended.append, turns=turns, text=text)
        guest = Guest(b'')
        to_client, to_guest = Transport(), Transport()
        guest.connection_made(to_guest)
        session.begin(to_client, guest, b'')
        for chunk in chunks:
            if not to_client.closing:
                session.data_received(chunk)
            while len(turns):
                await asyncio.sleep(0)
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
    """Any bytes are handled, and the session ends exactly once."""
    session, _, to_guest = relayed(chunks, text=text)
    assert session.end is not None
    assert session.from_client == len(to_guest) <= sum(map(len, chunks))


@given(st.binary(max_size=2000), st.lists(st.integers(1, 900)), st.integers(1, 64))
def test_any_fragments(data, cuts, read):
    """A message arrives however it is split into frames, and frames into reads."""
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
    """Fragments may split characters; the guest gets the UTF-8 bytes."""
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
    """A text message may not end within a character."""
    session, to_client, _ = relayed([Frame(Opcode.TEXT, b'\xc3').serialize(mask=True)])
    assert session.end.name == 'not UTF-8'
    assert to_client[2:4] == struct.pack('!H', 1007)


def test_the_client_is_read_again_when_a_full_guest_is_lost():
    """The session waits for the client's answer to the close frame."""

    async def run():
        wire = ServerProtocol(state=OPEN)
        session = made(wire, print)
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
    """It is disconnected: it does not read what is left for it."""
    monkeypatch.setattr('console_ext.proxy.relay.client.CLOSE_S', 0.05)

    async def run():
        ended = asyncio.Event()
        wire = ServerProtocol(state=OPEN)
        session = made(wire, lambda _: ended.set())
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
            await asyncio.wait_for(ended.wait(), 30)
            assert session.end.name == 'client lost'

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())


KEY = Frame(Opcode.BINARY, b'k').serialize(mask=True)


class Begun:
    """A started session, and the connections of both sides."""

    def __init__(self, **options):
        self.ended: list[Session] = []
        wire = ServerProtocol(state=OPEN, max_size=(None, 2**20))
        self.session = made(wire, self.ended.append, **options)
        self.guest = Guest(b'')
        self.to_client, self.to_guest = Transport(), Transport()
        self.guest.connection_made(self.to_guest)
        self.session.begin(self.to_client, self.guest, b'')


class Paused(asyncio.Protocol):
    """Whether the event loop has told to write no more."""

    full = False

    def pause_writing(self):
        self.full = True


def test_a_client_that_does_not_read_before_the_session(loop_factory):
    """The event loop tells only the previous protocol; the guest waits all the same."""

    async def run():
        loop = asyncio.get_running_loop()
        ours, client = socket.socketpair()
        client.setblocking(False)
        with ours, client:
            before = Paused()
            transport, _ = await loop.create_connection(lambda: before, sock=ours)
            while not before.full:
                transport.write(bytes(1000))
                await asyncio.sleep(0)
            session = made(ServerProtocol(state=OPEN), lambda _: None)
            guest, to_guest = Guest(b''), Transport()
            guest.connection_made(to_guest)
            transport.set_protocol(session)
            session.begin(transport, guest, b'', full=before.full)
            assert not to_guest.reading
            while not to_guest.reading:
                await loop.sock_recv(client, 2**20)
            for _ in range(100):
                if to_guest.reading:
                    guest.data_received(bytes(2**18))
            assert session.to_client < 10 * 2**18
            session.abort()
            await asyncio.sleep(0.01)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())


def test_a_client_that_reads_when_the_session_begins():
    """With TLS, asyncio tells it while the limits of the buffer are set."""

    async def run():
        session = made(ServerProtocol(state=OPEN), lambda _: None)
        guest, to_guest, to_client = Guest(b''), Transport(), Transport()
        guest.connection_made(to_guest)
        to_client.set_write_buffer_limits.side_effect = lambda _: (
            session.resume_writing()
        )
        session.begin(to_client, guest, b'', full=True)
        assert to_guest.reading

    asyncio.run(run())


def test_a_flood_is_read_by_turns():
    """Reading pauses meanwhile, and a key of another client comes first."""

    async def run():
        turns = Turns()
        flooding, other = Begun(turns=turns), Begun(turns=turns)
        flooding.session.data_received(KEY * 10000)
        assert not flooding.to_client.reading
        other.session.data_received(KEY)
        assert other.to_guest.sent == b'k'
        loop_turns = 0
        while len(turns):
            before = len(flooding.to_guest.sent)
            await asyncio.sleep(0)
            assert len(flooding.to_guest.sent) - before <= TURN_FRAMES
            loop_turns += 1
        assert flooding.to_guest.sent == b'k' * 10000
        assert loop_turns >= 10000 / TURN_FRAMES - 1
        assert flooding.to_client.reading

    asyncio.run(run())


def test_a_flood_waits_for_its_guest():
    """It gets no turns while the guest does not read."""

    async def run():
        turns = Turns()
        begun = Begun(turns=turns)
        begun.guest.pause_writing()
        begun.session.data_received(KEY * 1000)
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(begun.to_guest.sent) == TURN_FRAMES
        assert not len(turns)
        begun.guest.resume_writing()
        while len(turns):
            await asyncio.sleep(0)
        assert begun.to_guest.sent == b'k' * 1000
        assert begun.to_client.reading

    asyncio.run(run())


def test_the_pongs_of_a_turn_are_one_write():
    async def run():
        begun = Begun()
        pings = Frame(Opcode.PING, b'p').serialize(mask=True) * TURN_FRAMES
        begun.session.data_received(pings)
        begun.to_client.write.assert_called_once_with(b'\x8a\x01p' * TURN_FRAMES)

    asyncio.run(run())


def test_a_client_is_lost_before_its_flood_is_read():
    """The data still arrives, and then the session ends as "client lost"."""

    async def run():
        turns = Turns()
        begun = Begun(turns=turns)
        close = Frame(Opcode.CLOSE, struct.pack('!H', 1000)).serialize(mask=True)
        begun.session.data_received(KEY * 1000 + close)
        begun.session.eof_received()
        begun.session.connection_lost(None)
        assert begun.ended == []
        while len(turns):
            await asyncio.sleep(0)
        assert begun.to_guest.sent == b'k' * 1000
        assert begun.ended == [begun.session]
        assert begun.session.end.name == 'client closed'
        begun.to_guest.close.assert_called_once_with()

    asyncio.run(run())


def test_a_flood_of_a_lost_client_that_ends_in_a_frame():
    """What is left does not count any more, because nothing waits for it."""

    async def run():
        turns, room = Turns(), Room(0, 0)
        begun = Begun(turns=turns, room=room)
        begun.session.data_received(KEY * 1000 + KEY[:3])
        begun.session.connection_lost(None)
        assert room.held
        while len(turns):
            await asyncio.sleep(0)
        assert begun.ended == [begun.session]
        assert (room.held, len(room)) == (0, 0)

    asyncio.run(run())


@pytest.mark.parametrize('how', ['close', 'abort'])
def test_a_lost_client_whose_guest_is_full(how):
    """The session waits for the guest for a limited time."""

    async def run():
        begun = Begun()
        begun.guest.pause_writing()
        begun.session.data_received(KEY * 1000)
        begun.session.connection_lost(None)
        assert begun.ended == []
        if how == 'close':
            begun.session.close(close_codes.REVOKED)
        else:
            begun.session.abort()
        assert begun.ended == [begun.session]
        begun.session.abort()
        assert begun.ended == [begun.session]

    asyncio.run(run())


def drawn(count: int) -> bytes:
    return Frame(Opcode.TEXT, b'{"drawn": %d}' % count).serialize(mask=True)


def test_the_guest_waits_for_what_is_drawn():
    """The guest waits if the client draws or reads too slowly."""

    async def run():
        begun = Begun(control=True)
        begun.guest.data_received(bytes(WINDOW_BYTES))
        assert begun.to_guest.reading
        begun.guest.data_received(b'x')
        assert not begun.to_guest.reading
        begun.session.data_received(drawn(WINDOW_BYTES // 2) + KEY)
        assert not begun.to_guest.reading
        assert begun.to_guest.sent == b'k'
        begun.session.pause_writing()
        begun.session.data_received(drawn(WINDOW_BYTES))
        assert not begun.to_guest.reading
        begun.session.resume_writing()
        assert begun.to_guest.reading
        begun.guest.data_received(bytes(WINDOW_BYTES))
        begun.session.pause_writing()
        begun.session.resume_writing()
        assert not begun.to_guest.reading

    asyncio.run(run())


@pytest.mark.parametrize(
    ('reports', 'calls'), [([], 0), ([b'null'], 0), ([b'1', b'2', b'null'], 1)]
)
def test_the_buffer_ahead_of_a_client_that_reports(reports, calls):
    """The first number limits it: a screen never reports one, and needs the speed."""

    async def run():
        begun = Begun(control=True)
        buffer = begun.to_guest.get_extra_info('socket').setsockopt
        for report in reports:
            message = Frame(Opcode.TEXT, b'{"drawn": %s}' % report)
            begun.session.data_received(message.serialize(mask=True))
        assert begun.session.end is None
        assert buffer.call_count == calls

    asyncio.run(run())


def test_a_client_that_says_nothing_of_drawing():
    """Other clients only have the backpressure of their connection."""

    async def run():
        begun = Begun()
        begun.guest.data_received(bytes(4 * WINDOW_BYTES))
        assert begun.to_guest.reading

    asyncio.run(run())


def test_an_invalid_control_message():
    """The session ends with a reason."""

    async def run():
        begun = Begun(control=True)
        begun.session.data_received(drawn(5) + drawn(4))
        assert begun.session.end is close_codes.BAD_CONTROL
        assert begun.session.from_client == 0

    asyncio.run(run())


def test_there_is_no_room_for_what_a_guest_does_not_take():
    """The client is told, and the waiting data is dropped; other clients continue."""

    async def run():
        room = Room(0, 1000)
        first, second, fast = (Begun(room=room) for _ in range(3))
        for begun in (first, second):
            begun.to_guest.get_write_buffer_size.return_value = 600
            begun.guest.pause_writing()
        assert first.session.end is None
        assert second.session.end is close_codes.NO_ROOM
        assert close_codes.NO_ROOM.reason.encode() in second.to_client.sent
        second.to_guest.abort.assert_called_once_with()
        fast.session.data_received(KEY)
        assert fast.to_guest.sent == b'k'
        second.session.connection_lost(None)
        assert room.held == 600
        first.guest.resume_writing()
        assert room.held == 0

    asyncio.run(run())


def test_there_is_no_room_for_what_a_client_does_not_take():
    """The client is disconnected, because it would not read the close frame either."""

    async def run():
        begun = Begun(room=Room(0, 1000))
        begun.to_client.get_write_buffer_size.return_value = 1001
        begun.session.pause_writing()
        assert begun.session.end is close_codes.NO_ROOM
        begun.to_client.abort.assert_called_once_with()

    asyncio.run(run())


def test_a_client_is_not_silent_while_its_guest_is_full():
    """It is pinged, but its silence only counts after reading resumes."""

    async def run():
        timing = Timing(ping_interval_s=0.02, ping_timeout_s=0.03)
        begun = Begun(timing=timing)
        begun.guest.pause_writing()
        while begun.to_client.sent.count(b'\x89\x00') < 5:
            await asyncio.sleep(0.01)
        assert begun.session.end is None
        begun.guest.resume_writing()
        resumed = asyncio.get_running_loop().time()
        while begun.session.end is None:
            await asyncio.sleep(0.005)
        assert begun.session.end is close_codes.CLIENT_SILENT
        assert asyncio.get_running_loop().time() - resumed >= 0.05

    asyncio.run(run())


def test_a_client_that_does_not_read_is_silent():
    """Also if its guest is full."""

    async def run():
        timing = Timing(ping_interval_s=0.02, ping_timeout_s=0.03)
        begun = Begun(timing=timing)
        begun.guest.pause_writing()
        begun.session.pause_writing()
        async with asyncio.timeout(30):
            while begun.session.end is None:
                await asyncio.sleep(0.005)
        assert begun.session.end is close_codes.CLIENT_SILENT

    asyncio.run(run())


def test_reports_are_not_waited_for_while_they_are_not_read():
    """A full guest stops the reading of its client, and so of its reports.

    If the guest had to wait for them too, neither side could continue.
    """

    async def run():
        begun = Begun(control=True)
        begun.guest.data_received(bytes(WINDOW_BYTES + 1))
        assert not begun.to_guest.reading
        begun.guest.pause_writing()
        begun.session.data_received(KEY)
        assert not begun.to_client.reading
        assert begun.to_guest.reading
        begun.guest.data_received(b'x')
        assert begun.to_guest.reading
        begun.session.pause_writing()
        assert not begun.to_guest.reading
        begun.session.resume_writing()
        assert begun.to_guest.reading
        begun.guest.resume_writing()
        assert not begun.to_guest.reading
        assert begun.to_client.reading

    asyncio.run(run())


@pytest.mark.parametrize('how', ['open', 'closing', 'lost'])
def test_replaced(how):
    """The guest is left at once, whatever the client does."""

    async def run():
        begun = Begun()
        if how == 'closing':
            begun.session.close(close_codes.REVOKED)
        elif how == 'lost':
            begun.guest.pause_writing()
            begun.session.data_received(KEY * 1000)
            begun.session.connection_lost(None)
        begun.session.replace()
        begun.to_guest.close.assert_called_once_with()
        if how != 'lost':
            assert begun.ended == []
            begun.guest.data_received(b'late')
            begun.session.data_received(KEY)
            begun.session.connection_lost(None)
        assert begun.ended == [begun.session]
        expected = close_codes.REVOKED if how == 'closing' else close_codes.REPLACED
        assert begun.session.end is expected
        begun.session.replace()
        assert begun.ended == [begun.session]

    asyncio.run(run())


def test_a_greeting():
    """It is the first frame, before what the guest has sent already."""

    async def run():
        guest, to_client = Guest(b'login:'), Transport()
        guest.connection_made(Transport())
        session = made(ServerProtocol(state=OPEN), print, control=True)
        session.begin(to_client, guest, b'', b'{"a": 1}')
        assert to_client.sent == b'\x81\x08{"a": 1}\x82\x06login:'
        assert session.to_client == 6
        session.connection_lost(None)

    asyncio.run(run())
