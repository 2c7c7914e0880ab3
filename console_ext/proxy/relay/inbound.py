# SPDX-License-Identifier: Apache-2.0
"""What a client sends: read in turns, so that one client's flood delays nobody else."""

from __future__ import annotations

from typing import cast

from websockets.frames import Frame
from websockets.server import ServerProtocol
from websockets.typing import BytesLike

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.close_codes import Closing
from console_ext.proxy.relay.control import Control
from console_ext.proxy.relay.fragments import Fragments
from console_ext.proxy.relay.frames import Incoming

# What is read of one client before the others have their turn.  So many pings take
# about half a millisecond, and so many bytes one.
TURN_FRAMES = 64
TURN_BYTES = 2**18

# A client that has sent so much gives way, even if nothing of it is left: uvloop reads
# 32 times from one connection before it goes to the next, if each read fills its
# buffer of 250 KB.
GIVE_WAY_BYTES = 2**17


class Inbound:
    """Turns a client's bytes into those for the guest.

    The library parses the frames and answers pings: its answers are in ``wire.writes``.

    :param text: whether text frames are taken, as their UTF-8 bytes
    :param control: what text frames are for instead; None where they are not control
    :ivar more: whether another turn is to follow, although nothing more has come
    :ivar end: how the client has ended the session; the answer is in ``wire.writes``
    :ivar offence: how the session is to be closed for what the client has sent
    """

    __slots__ = ('_fragments', '_incoming', '_wire', 'end', 'more', 'offence')

    def __init__(
        self, wire: ServerProtocol, *, text: bool, control: Control | None = None
    ):
        self._wire = wire
        self._fragments = Fragments(wire.max_fragment_size)
        self._incoming = Incoming(text=text, control=control)
        self.more = False
        self.end: Closing | None = None
        self.offence: Closing | None = None

    def __len__(self) -> int:
        """How many bytes of memory are held."""
        return len(self._fragments)

    def add(self, data: bytes) -> None:
        # Once the library has sent the end, it reads no more.
        if not self._wire.eof_sent:
            self._fragments.add(data)

    def turn(self) -> BytesLike:
        """Read as much as one turn may.

        :returns: the bytes for the guest
        """
        wire, fragments = self._wire, self._fragments
        size = 0
        for part in fragments.take(TURN_FRAMES, TURN_BYTES):
            size += len(part)
            # The library takes any bytes, whatever its annotations say.
            wire.receive_data(cast(bytes, part))
        self.more = fragments.more or size >= GIVE_WAY_BYTES
        is_data = self._incoming.is_data
        frames = cast('list[Frame]', wire.events_received())
        payloads = [frame.data for frame in frames if is_data(frame)]
        if frames:
            # The library's parser keeps its last frame until the next one comes.
            frames[-1].data = b''
        self.offence = self._incoming.offence
        if self.end is None:
            self.end = self._ended()
        if wire.eof_sent:
            fragments.clear()
            self.more = False
        return payloads[0] if len(payloads) == 1 else b''.join(payloads)

    def _ended(self) -> Closing | None:
        wire, offence = self._wire, self._fragments.offence
        if wire.parser_exc is not None:
            return close_codes.PROTOCOL_ERROR
        if wire.eof_sent:
            return close_codes.CLIENT_CLOSED
        if offence is not None and offence.code is not None:
            wire.fail(offence.code, offence.reason)
        return offence
