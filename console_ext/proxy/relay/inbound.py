# SPDX-License-Identifier: Apache-2.0
"""Parses what a client sends, in limited turns so that no client delays the others."""

from __future__ import annotations

from typing import cast

from websockets.frames import Frame
from websockets.server import ServerProtocol
from websockets.typing import BytesLike

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.close_codes import Closing
from console_ext.proxy.relay.control import Control
from console_ext.proxy.relay.fragments import Fragments
from console_ext.proxy.relay.frames import FrameFilter

# The most that is parsed for one client before the others get their turn.  This many
# pings take about 0.5 ms, and this many bytes 1 ms.
TURN_FRAMES = 64
TURN_BYTES = 2**18

# A client that has sent this much lets the others go first, even if all of it has been
# parsed: uvloop reads up to 32 times from one connection before it goes to the next, if
# each read fills its buffer of 250 KB.
GIVE_WAY_BYTES = 2**17


class Inbound:
    """Extracts the bytes for the guest from a client's WebSocket frames.

    The library parses the frames and answers pings; its answers are in ``wire.writes``.

    :param text: whether text frames are accepted; their UTF-8 bytes go to the guest
    :param control: takes text frames if they are control messages; else None
    :ivar more: whether another turn is needed, even without further input
    :ivar end: how the client has ended the session; the answer is in ``wire.writes``
    :ivar offence: how to close the session because of invalid input
    """

    __slots__ = ('_filter', '_fragments', '_wire', 'end', 'more', 'offence')

    def __init__(
        self, wire: ServerProtocol, *, text: bool, control: Control | None = None
    ):
        self._wire = wire
        self._fragments = Fragments(wire.max_fragment_size)
        self._filter = FrameFilter(text=text, control=control)
        self.more = False
        self.end: Closing | None = None
        self.offence: Closing | None = None

    def __len__(self) -> int:
        """The number of buffered bytes."""
        return len(self._fragments)

    def add(self, data: bytes) -> None:
        # After the library has closed the WebSocket, it reads no more.
        if not self._wire.eof_sent:
            self._fragments.add(data)

    def turn(self) -> BytesLike:
        """Parse as much as one turn allows.

        :returns: the bytes for the guest
        """
        wire, fragments = self._wire, self._fragments
        size = 0
        for part in fragments.take(TURN_FRAMES, TURN_BYTES):
            size += len(part)
            # The library accepts memoryview too, in spite of its annotations.
            wire.receive_data(cast(bytes, part))
        self.more = fragments.more or size >= GIVE_WAY_BYTES
        is_data = self._filter.is_data
        frames = cast('list[Frame]', wire.events_received())
        payloads = [frame.data for frame in frames if is_data(frame)]
        if frames:
            # Free the memory: the library's parser keeps the last frame until the next.
            frames[-1].data = b''
        self.offence = self._filter.offence
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
