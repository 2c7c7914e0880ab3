# SPDX-License-Identifier: Apache-2.0
"""A session after its 101: bytes between a client and a guest until one of them ends.

Nothing is collected.  What is read from one side is written to the other at once, and
a side that does not take what it is sent stops the reading from the other; so a session
holds at most one read and one write buffer each way, whoever floods and whoever hangs.
"""

from __future__ import annotations

import asyncio
import codecs
import struct
from collections.abc import Callable
from typing import cast

from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.typing import BytesLike

from console_ext.proxy import closing, deadlines
from console_ext.proxy.closing import Closing
from console_ext.proxy.deadlines import Timing

# A side is paused when this much waits to be written to the other.  It has room for one
# read of the event loop (256 KiB), so that bulk data does not stop and go.
WRITE_BUFFER_BYTES = 2**18

# How long a side has to take its last bytes and to close.
CLOSE_S = 5.0

_UTF8 = codecs.getincrementaldecoder('utf-8')


def binary_header(length: int) -> bytes:
    """The header of an unmasked, unfragmented binary frame (RFC 6455, section 5.2)."""
    if length < 126:
        return bytes((0x82, length))
    if length < 65536:
        return struct.pack('!BBH', 0x82, 126, length)
    return struct.pack('!BBQ', 0x82, 127, length)


class ClientSide(asyncio.Protocol):
    """The client of a session, and the session itself.

    :param wire: the WebSocket, open
    :param text: whether text frames are taken, as their UTF-8 bytes
    :param expires: when the session is to end, by the event loop's clock
    :param ended: called once, when the client is gone
    """

    __slots__ = (
        '_active',
        '_backlog',
        '_ended',
        '_expires',
        '_full',
        '_guest',
        '_heard',
        '_loop',
        '_pinged',
        '_text',
        '_text_allowed',
        '_timer',
        '_timing',
        '_transport',
        '_wire',
        'end',
        'from_client',
        'opened',
        'to_client',
    )

    def __init__(
        self,
        wire: ServerProtocol,
        timing: Timing,
        *,
        text: bool,
        expires: float | None,
        ended: Callable[[ClientSide], None],
    ):
        self._loop = asyncio.get_running_loop()
        self._wire = wire
        self._timing = timing
        self._text_allowed = text
        self._text: codecs.IncrementalDecoder | None = None
        self._expires = expires
        self._ended = ended
        self._guest: TargetSide | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._full = False
        self._backlog = False
        self._pinged: float | None = None
        self.opened = self._heard = self._active = self._loop.time()
        self.from_client = self.to_client = 0
        self.end: Closing | None = None

    def begin(
        self,
        transport: asyncio.Transport,
        guest: TargetSide,
        early_client: bytes,
        early_guest: bytes,
    ) -> None:
        """Take over a connection whose reading is paused.

        :param early_client: what the client sent behind its request
        :param early_guest: what the guest has sent already
        """
        self._transport = transport
        self._guest = guest
        transport.set_write_buffer_limits(WRITE_BUFFER_BYTES)
        guest.begin(self)
        if early_guest:
            self.send(early_guest)
        if early_client:
            self.data_received(early_client)
        if self.end is None:
            self._look()
        self._read_again()

    # From the client

    def data_received(self, data: bytes) -> None:
        wire = self._wire
        self._heard = self._loop.time()
        wire.receive_data(data)
        frames = cast('list[Frame]', wire.events_received())
        if frames:
            payloads = [frame.data for frame in frames if self._is_data(frame)]
            if payloads and self._guest is not None:
                payload = payloads[0] if len(payloads) == 1 else b''.join(payloads)
                self.from_client += len(payload)
                self._active = self._heard
                if not self._guest.send(payload):
                    self._pause()
        if wire.parser_exc is not None and self.end is None:
            too_big = isinstance(wire.parser_exc, PayloadTooBig)
            self.end = closing.TOO_BIG if too_big else closing.PROTOCOL_ERROR
        elif wire.close_rcvd is not None and self.end is None:
            self.end = closing.CLIENT_CLOSED
        if wire.writes:
            self._flush()

    def _is_data(self, frame: Frame) -> bool:
        """Whether a frame's payload is for the guest; one that may not be ends the
        session.

        The library leaves the rule that text is UTF-8 to its user.
        """
        if frame.opcode is Opcode.TEXT:
            if not self._text_allowed:
                self.close(closing.NO_TEXT)
                return False
            self._text = _UTF8()
        elif frame.opcode is Opcode.BINARY:
            self._text = None
        elif frame.opcode is not Opcode.CONT:
            return False
        if self._text is not None:
            try:
                self._text.decode(frame.data, frame.fin)
            except UnicodeDecodeError:
                self.close(closing.NOT_UTF8)
                return False
        return self._takes_data()

    def eof_received(self) -> bool:
        # A WebSocket that ends without a close frame is lost.
        return False

    def connection_lost(self, error: Exception | None) -> None:
        if self.end is None:
            self.end = closing.CLIENT_LOST
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._guest is not None:
            self._guest.leave()
        self._guest = self._transport = None
        self._ended(self)

    # To the client

    def send(self, data: bytes) -> None:
        """Pass the guest's bytes on; after the close frame there is nowhere to."""
        transport = self._transport
        if transport is None or self._wire.state is not OPEN or transport.is_closing():
            return
        self._active = self._loop.time()
        self.to_client += len(data)
        transport.write(binary_header(len(data)) + data)

    def pause_writing(self) -> None:
        self._full = True
        if self._guest is not None:
            self._guest.pause()

    def resume_writing(self) -> None:
        self._full = self._backlog = False
        # It takes what it is sent, so it lives.
        self._heard = self._loop.time()
        if self._guest is not None:
            self._guest.resume()
        self._read_again()

    def close(self, end: Closing) -> None:
        """Send the close frame, and give the client a while to answer it."""
        transport = self._transport
        if self.end is not None or transport is None:
            return
        self.end = end
        if self._wire.state is OPEN and end.code is not None:
            self._wire.send_close(end.code, end.reason)
        self._give_up_later()
        self._flush()
        # The answer to the close frame is to be read, whatever was paused before.
        self._read_again()

    def abort(self) -> None:
        """End at once, without a word."""
        if self._transport is not None:
            self._transport.abort()

    def guest_full(self, full: bool) -> None:
        if full:
            self._pause()
        else:
            self._read_again()

    def _flush(self) -> None:
        transport = self._transport
        if transport is None:
            return
        for data in self._wire.data_to_send():
            if transport.is_closing():
                return
            if data:
                transport.write(data)
                # A client that pings and does not read the answers is not read either.
                if self._full:
                    self._backlog = True
                    self._pause()
            else:
                self._hang_up(transport)

    def _hang_up(self, transport: asyncio.Transport) -> None:
        """End our half; the other half follows, or is cut in a while.

        Closing while the client still sends would reset the connection, and with it
        lose the close frame.
        """
        self._give_up_later()
        if self._wire.close_rcvd is not None or not transport.can_write_eof():
            transport.close()
        else:
            transport.write_eof()
            self._read_again()

    def _give_up_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(CLOSE_S, self.abort)

    def _pause(self) -> None:
        transport = self._transport
        if (
            transport is not None
            and not transport.is_closing()
            and transport.is_reading()
        ):
            transport.pause_reading()

    def _read_again(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or transport.is_reading():
            return
        if not self._backlog and not (self._takes_data() and self._guest_is_full()):
            transport.resume_reading()

    def _takes_data(self) -> bool:
        """Whether the client's bytes still go to the guest."""
        return self.end is None or self.end is closing.TARGET_ENDED

    def _guest_is_full(self) -> bool:
        return self._guest is not None and self._guest.full

    # Timers

    def _look(self) -> None:
        """Do what is due, and look again when the next thing is."""
        self._timer = None
        due = deadlines.due(
            self._timing,
            self._loop.time(),
            heard=self._heard,
            pinged=self._pinged,
            active=self._active,
            expires=self._expires,
        )
        if due.end is not None:
            self.close(due.end)
            return
        if due.ping:
            self._pinged = self._loop.time()
            self._wire.send_ping(b'')
            self._flush()
        if due.again is not None:
            self._timer = self._loop.call_at(due.again, self._look)


class TargetSide(asyncio.Protocol):
    """The guest of a session; its bytes wait until there is a client to take them."""

    __slots__ = ('_client', '_loop', '_transport', 'full')

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._client: ClientSide | None = None
        self._transport: asyncio.Transport | None = None
        self.full = False

    def begin(self, client: ClientSide) -> None:
        self._client = client
        if self._transport is None:
            client.close(closing.TARGET_LOST)
        self.resume()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.pause_reading()
        self._transport.set_write_buffer_limits(WRITE_BUFFER_BYTES)

    def data_received(self, data: bytes) -> None:
        if self._client is not None:
            self._client.send(data)

    def eof_received(self) -> bool:
        # What the client sent before it heard of the end still goes to the guest.
        if self._client is not None:
            self._client.close(closing.TARGET_ENDED)
        return self._client is not None

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        client, self._client = self._client, None
        if client is not None:
            client.close(closing.TARGET_ENDED if error is None else closing.TARGET_LOST)

    def send(self, data: BytesLike) -> bool:
        """
        :returns: whether more may follow at once
        """
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
        return not self.full

    def pause_writing(self) -> None:
        self.full = True
        if self._client is not None:
            self._client.guest_full(True)

    def resume_writing(self) -> None:
        self.full = False
        if self._client is not None:
            self._client.guest_full(False)

    def pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def leave(self) -> None:
        """The client is gone: the guest gets what is left, if it takes it."""
        self._client = None
        if self._transport is not None:
            if self._transport.get_write_buffer_size():
                self._loop.call_later(CLOSE_S, self._abort)
            self._transport.close()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
