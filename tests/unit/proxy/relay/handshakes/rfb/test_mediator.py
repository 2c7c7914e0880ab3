# SPDX-License-Identifier: Apache-2.0
"""The handshake with the user's client in a session, without sockets."""

from __future__ import annotations

import asyncio
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Close, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.client import Session
from console_ext.proxy.relay.guest import Guest
from console_ext.proxy.relay.handshakes.rfb.mediator import Mediator
from console_ext.proxy.relay.memory import Room, Share
from console_ext.proxy.relay.timeouts import Timing
from console_ext.proxy.relay.turns import Turns
from tests.functional.proxy.wire import frame
from tests.unit.proxy.relay.handshakes.rfb.peers import CLIENT, SERVER_INIT, VERSION
from tests.unit.proxy.transport import Transport

ALL = b''.join(said for said, _ in CLIENT)


class Mediated:
    """A session that begins with a handshake."""

    def __init__(self, early: bytes = b'', timeout_s: float = 10, room: int = 0):
        self.ended: list[Session] = []
        self.turns = Turns()
        self.guest = Guest(early)
        self.to_client, self.to_guest = Transport(), Transport()
        self.to_guest.reading = True
        self.guest.connection_made(self.to_guest)
        self.mediator = Mediator(self.guest, SERVER_INIT, timeout_s)
        self.session = Session(
            ServerProtocol(state=OPEN, max_size=(None, 1000)),
            Timing(),
            self.turns,
            Share(Room(room, 0), 'project'),
            text=False,
            expires=None,
            ended=self.ended.append,
        )

    def begin(self, early: bytes = b'') -> Mediated:
        self.session.begin(self.to_client, self.mediator, early)
        return self

    async def receive(self, data: bytes) -> None:
        if not self.to_client.closing:
            self.session.data_received(data)
        while len(self.turns):
            await asyncio.sleep(0)

    @property
    def frames(self) -> list[bytes | Close]:
        """Return the frames sent to the client."""
        sent, found = bytes(self.to_client.sent), []
        while sent:
            length, start = sent[1], 2
            if length == 126:
                length, start = struct.unpack('!H', sent[2:4])[0], 4
            payload = sent[start : start + length]
            found.append(payload if sent[0] == 0x82 else Close.parse(payload))
            sent = sent[start + length :]
        return found


def data(payload: bytes) -> bytes:
    return frame(payload, Opcode.BINARY)


def test_step_by_step():
    """Each message has a frame of its own, and the guest is not involved."""

    async def run():
        one = Mediated().begin()
        expected = [VERSION]
        for said, answers in CLIENT:
            assert one.frames == expected
            assert not one.to_guest.reading
            await one.receive(data(said))
            expected += answers
        assert one.frames == expected
        assert one.to_guest.sent == b''
        assert one.to_guest.reading

    asyncio.run(run())


def test_the_limit_of_the_output_ahead():
    """It applies to the guest, also if the client reports before the handshake ends."""

    async def run():
        one = Mediated().begin()
        one.mediator.limit_ahead()
        one.to_guest.get_extra_info('socket').setsockopt.assert_called_once()

    asyncio.run(run())


def test_frames_that_tempest_reads():
    """Frames are aligned and shorter than 126 bytes (tempest/common/compute.py)."""

    async def run():
        one = Mediated().begin()
        await one.receive(b''.join(data(said) for said, _ in CLIENT))
        version, types, result, server_init = one.frames
        assert version == VERSION
        assert len(types) >= 2
        assert 1 in types[1:]
        assert result == bytes(4)
        assert len(server_init) == 24 + struct.unpack('!I', server_init[20:24])[0]
        assert all(len(payload) < 126 for payload in one.frames)

    asyncio.run(run())


@given(
    st.lists(st.integers(1, 15), max_size=20),
    st.binary(max_size=40),
    st.booleans(),
)
def test_however_it_is_cut(sizes, early, one_read):
    """Frames need not match messages; bytes after the handshake go to the guest."""

    async def run():
        said, frames, cuts = ALL + early, [], iter(sizes)
        while said:
            size = next(cuts, len(said))
            frames.append(data(said[:size]))
            said = said[size:]
        one = Mediated().begin()
        for part in [b''.join(frames)] if one_read else frames:
            await one.receive(part)
        assert one.frames == [VERSION, b'\1\1', bytes(4), SERVER_INIT]
        assert one.to_guest.sent == early

    asyncio.run(run())


def test_behind_the_request():
    """A client may send everything before status 101."""

    async def run():
        one = Mediated(early=b'update').begin(data(ALL + b'request'))
        assert one.frames == [VERSION, b'\1\1', bytes(4), SERVER_INIT, b'update']
        assert one.to_guest.sent == b'request'

    asyncio.run(run())


def test_after_the_handshake():
    """After the handshake, the session relays directly between client and guest."""

    async def run():
        one = Mediated().begin()
        await one.receive(data(ALL))
        assert one.session._guest is one.guest
        await one.receive(data(b'key'))
        assert one.to_guest.sent == b'key'
        one.guest.data_received(b'picture')
        assert one.frames[-1] == b'picture'
        one.guest.connection_lost(None)
        end = close_codes.TARGET_ENDED
        assert one.frames[-1] == Close(end.code, end.reason)
        one.session.connection_lost(None)
        assert one.ended == [one.session]

    asyncio.run(run())


@pytest.mark.parametrize(
    ('said', 'reason'),
    [
        (b'RFB 003.003\n', 'This proxy supports only RFB 3.8.'),
        (b'GET / HTTP/1.1\r\n\r\n', 'This proxy supports only RFB 3.8.'),
        (VERSION + b'\2', 'This security type is not offered.'),
        (VERSION + b'\0' + bytes(500), 'This security type is not offered.'),
    ],
)
def test_a_client_that_breaks_the_protocol(said, reason):
    """It is told in RFB and by the close code.  The guest is not told."""

    async def run():
        one = Mediated().begin()
        await one.receive(data(said))
        *_, failure, close = one.frames
        assert failure.endswith(reason.encode())
        assert close == Close(1002, reason)
        assert one.session.end.name == 'RFB error'
        await one.receive(data(ALL))
        assert one.frames[-1] == close
        one.session.connection_lost(None)
        assert one.to_guest.sent == b''
        assert one.to_guest.closing

    asyncio.run(run())


@pytest.mark.parametrize('count', range(15))
def test_a_client_that_is_silent_after_each_byte(count):
    """There is one deadline for the whole handshake."""

    async def run():
        one = Mediated(timeout_s=0.03).begin()
        for byte in ALL[: min(count, 13)]:
            await one.receive(data(bytes((byte,))))
        for _ in range(5):
            await one.receive(frame(b'', Opcode.PING) + data(b''))
            await asyncio.sleep(0.01)
        end = close_codes.RFB_TIMEOUT
        assert one.session.end is end
        assert struct.pack('!H', end.code) + end.reason.encode() in one.to_client.sent
        one.session.connection_lost(None)
        assert one.to_guest.closing

    asyncio.run(run())


def test_a_client_that_is_in_time():
    """The deadline ends with the handshake."""

    async def run():
        one = Mediated(timeout_s=0.02).begin()
        await one.receive(data(ALL))
        await asyncio.sleep(0.04)
        assert one.session.end is None

    asyncio.run(run())


def test_a_client_that_leaves():
    """The guest's connection is closed, and no timer is left."""

    async def run():
        one = Mediated(timeout_s=0.02).begin()
        await one.receive(data(VERSION))
        one.session.connection_lost(None)
        assert one.session.end is close_codes.CLIENT_LOST
        assert one.to_guest.closing
        await asyncio.sleep(0.04)
        one.mediator.send(b'late')
        assert one.to_guest.sent == b''

    asyncio.run(run())


def test_a_guest_that_is_lost_meanwhile():
    """The client is told after the handshake, within its deadline."""

    async def run():
        one = Mediated().begin()
        one.guest.connection_lost(OSError())
        await one.receive(data(ALL))
        end = close_codes.TARGET_LOST
        assert one.frames[-2:] == [SERVER_INIT, Close(end.code, end.reason)]

    asyncio.run(run())


def test_a_session_that_ends_meanwhile():
    """After a revocation or a stop, the handshake does not continue."""

    async def run():
        one = Mediated().begin()
        await one.receive(data(VERSION))
        one.session.close(close_codes.REVOKED)
        sent = len(one.frames)
        await one.receive(data(b'\1\1'))
        assert len(one.frames) == sent
        one.session.abort()
        assert one.to_client.closing

    asyncio.run(run())


def test_a_client_that_takes_nothing():
    """The guest is not read meanwhile, nor right after the handshake."""

    async def run():
        one = Mediated().begin()
        await one.receive(data(VERSION))
        one.session.pause_writing()
        await one.receive(data(b'\1\1'))
        assert not one.to_guest.reading
        one.session.resume_writing()
        assert one.to_guest.reading

    asyncio.run(run())


def test_a_flood():
    """Data is not buffered here, but passed to the guest."""

    async def run():
        one = Mediated(room=10**6).begin()
        await one.receive(data(ALL))
        for _ in range(100):
            await one.receive(data(bytes(1000)) * 100)
        assert len(one.to_guest.sent) == 10**7
        assert len(one.mediator._handshake.early) == 0

    asyncio.run(run())


def test_abort():
    """As with a guest: if there is no room for waiting bytes, both sides end."""

    async def run():
        one = Mediated().begin()
        one.mediator.pause()
        one.mediator.resume()
        one.mediator.abort()
        assert one.to_guest.closing

    asyncio.run(run())


PARTS = st.sampled_from([VERSION, b'\1', b'\1\1', b'\2']) | st.binary(max_size=30)
FRAMES = st.builds(frame, PARTS, st.sampled_from([0, 1, 2, 2, 2, 2, 8, 9]))


@settings(max_examples=300)
@given(st.lists(FRAMES | st.binary(max_size=20), max_size=8))
def test_any_frames(frames):
    """Any frames are handled, and the session ends exactly once."""

    async def run():
        one = Mediated().begin()
        for part in frames:
            await one.receive(part)
        one.session.connection_lost(None)
        assert one.ended == [one.session]
        assert one.session.end is not None
        handshake = min(len(ALL), one.session.from_client)
        assert len(one.to_guest.sent) <= one.session.from_client - handshake

    asyncio.run(run())
