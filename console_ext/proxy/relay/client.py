# SPDX-License-Identifier: Apache-2.0
"""A session after status 101: the client's side, which controls the session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from websockets.protocol import OPEN, SEND_EOF
from websockets.server import ServerProtocol

from console_ext.proxy.relay import close_codes, timeouts
from console_ext.proxy.relay.close_codes import Closing
from console_ext.proxy.relay.control import Control, Window
from console_ext.proxy.relay.frames import binary_header
from console_ext.proxy.relay.guest import GuestSide
from console_ext.proxy.relay.inbound import Inbound
from console_ext.proxy.relay.memory import Share
from console_ext.proxy.relay.peer import CLOSE_S, Peer
from console_ext.proxy.relay.timeouts import Timing
from console_ext.proxy.relay.turns import Turns


class Session(Peer):
    """A session, and the connection of its client.

    :param wire: the WebSocket, open
    :param turns: the queue for a client that sends more than one turn may read
    :param share: counts the bytes that wait in this session
    :param text: whether text frames are accepted; their UTF-8 bytes go to the guest
    :param control: whether text frames are control messages, with which the client
        reports how much it has drawn
    :param expires: end of the session, on the event loop's clock; None for no limit
    :param ended: called once, when the client is gone
    """

    __slots__ = (
        '_active',
        '_ahead_limited',
        '_backlog',
        '_control',
        '_ended',
        '_expires',
        '_full',
        '_guest',
        '_heard',
        '_inbound',
        '_lost',
        '_pinged',
        '_share',
        '_timer',
        '_timing',
        '_turns',
        '_window',
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
        turns: Turns,
        share: Share,
        *,
        text: bool,
        control: bool = False,
        expires: float | None,
        ended: Callable[[Session], None],
    ):
        super().__init__()
        self._wire = wire
        self._timing = timing
        self._turns = turns
        self._share = share
        self._control = Control() if control else None
        self._window = Window()
        self._inbound = Inbound(wire, text=text, control=self._control)
        self._expires = expires
        self._ended: Callable[[Session], None] | None = ended
        self._guest: GuestSide | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ahead_limited = False
        self._full = False
        self._backlog = False
        self._lost = False
        self._pinged: float | None = None
        self.opened = self._heard = self._active = self._loop.time()
        self.from_client = self.to_client = 0
        self.end: Closing | None = None

    def begin(
        self,
        transport: asyncio.Transport,
        guest: GuestSide,
        early: bytes,
        greeting: bytes = b'',
        *,
        full: bool = False,
    ) -> None:
        """Take over a connection.

        :param early: what the client sent after its request
        :param greeting: a control message for the client, before the guest's bytes
        :param full: whether the event loop has paused writing; it does so only once
        """
        # First, because with TLS, setting the limits of the buffer may end the pause.
        self._full = full
        self._take(transport)
        if greeting:
            self._wire.send_text(greeting)
            self._flush()
        self.go_on_with(guest)
        if early:
            self.data_received(early)
        if self.end is None:
            self._check_timers()
        self._read_on()

    def go_on_with(self, guest: GuestSide) -> None:
        self._guest = guest
        guest.begin(self)
        self._steer()

    # From the client

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        self._inbound.add(data)
        # If older bytes wait for a turn, the new ones wait behind them.
        if not self._inbound.more:
            self.turn()

    def turn(self) -> None:
        """Process a limited amount of data, so that other clients get their turn."""
        wire, inbound = self._wire, self._inbound
        payload = inbound.turn()
        if payload and self._takes_data() and self._guest is not None:
            self.from_client += len(payload)
            self._active = self._heard
            self._guest.send(payload)
        self._pace()
        if inbound.offence is not None:
            self.close(inbound.offence)
        if self.end is None:
            self.end = inbound.end
        if wire.writes:
            self._flush()
        if inbound.more or not self.reading or self._backlog:
            self._read_on()

    def eof_received(self) -> bool:
        # The client closed without a close frame.  The transport now waits until the
        # client has read everything that is written, which may never happen.
        self._give_up_later()
        return False

    # To the client

    def send(self, data: bytes) -> None:
        """Pass the guest's bytes on; drop them after the close frame."""
        transport = self._transport
        if transport is None or self._wire.state is not OPEN or transport.is_closing():
            return
        self._active = self._loop.time()
        self.to_client += len(data)
        transport.write(binary_header(len(data)) + data)
        self._pace()

    def _flush(self) -> None:
        writes = self._wire.data_to_send()
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        data = b''.join(writes)
        if data:
            transport.write(data)
            # If the client does not read our answers (to pings), stop reading it.
            self._backlog = self._full
        if writes[-1:] == [SEND_EOF] and not transport.is_closing():
            self._hang_up(transport)

    # Flow control

    def pause_writing(self) -> None:
        self._full = True
        self._steer()
        self._count()

    def resume_writing(self) -> None:
        self._full = self._backlog = False
        # The client reads, so it is alive.
        self._heard = self._loop.time()
        self._steer()
        self._read_on()

    def _pace(self) -> None:
        """Read from the guest no faster than the client draws, if it reports that."""
        if self._control is None or self._guest is None:
            return
        if self._control.reports and not self._ahead_limited:
            self._ahead_limited = True
            self._guest.limit_ahead()
        was_closed = self._window.closed
        self._window.move(self.to_client, self._control.drawn)
        if self._window.closed or was_closed:
            self._steer()

    def _steer(self) -> None:
        """Read from the guest, or wait until the client has read or drawn more."""
        if self._guest is None:
            return
        # While the guest takes nothing, the reports of the client are not read either.
        behind = self._window.closed and not self._guest.full
        if self._full or behind:
            self._guest.pause()
        else:
            self._guest.resume()

    def guest_full_changed(self) -> None:
        self._steer()
        self._read_on()

    def _read_on(self) -> None:
        """Continue reading, unless the guest or another client has to come first."""
        if self._backlog or (self._takes_data() and self._guest_is_full()):
            self.pause()
        elif self._inbound.more:
            self.pause()
            self._turns.wait(self)
        elif self._lost:
            self._finish()
            return
        elif not self.reading:
            # From here on, silence of the client counts.
            self._heard = self._loop.time()
            self.resume()
        self._count()

    def _count(self) -> None:
        """Count the bytes that wait; end the session if there is no room for them."""
        held = len(self._inbound)
        if self._full and self._transport is not None:
            held += self._transport.get_write_buffer_size()
        if self._guest is not None and self._guest.full:
            held += self._guest.unsent
        if not self._share.hold(held):
            self._make_room()

    def _make_room(self) -> None:
        """End the session, and drop the bytes that wait: they may never be read."""
        self.close(close_codes.NO_ROOM)
        if self._full:
            self.abort()
        if self._guest is not None and self._guest.full:
            self._guest.abort()

    def _takes_data(self) -> bool:
        """Whether the client's bytes still go to the guest."""
        return self.end is None or self.end is close_codes.TARGET_ENDED

    def _guest_is_full(self) -> bool:
        return self._guest is not None and self._guest.full

    # The end

    def close(self, end: Closing) -> None:
        """Send the close frame, and wait up to ``CLOSE_S`` for the answer."""
        if self.end is not None or (self._transport is None and not self._lost):
            return
        self.end = end
        if self._lost:
            self._finish()
            return
        if self._wire.state is OPEN and end.code is not None:
            self._wire.send_close(end.code, end.reason)
        self._give_up_later()
        self._flush()
        # Read the answer to the close frame, even if reading was paused.
        self._read_on()

    def replace(self) -> None:
        """End the session, because another one continues with its guest."""
        self.close(close_codes.REPLACED)
        # The guest may accept one connection at a time, so do not wait for the client.
        self._leave_guest()

    def _hang_up(self, transport: asyncio.Transport) -> None:
        """Close our sending side, and the connection after ``CLOSE_S`` at the latest.

        Closing it while the client still sends would reset the connection, and the
        client would lose the close frame.
        """
        self._give_up_later()
        if self._wire.close_rcvd is not None or not transport.can_write_eof():
            transport.close()
        else:
            transport.write_eof()
            self._read_on()

    def _give_up_later(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(CLOSE_S, self.abort)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._lost = True
        self._full = self._backlog = False
        # With TLS, a connection can end while data still waits for its turn.
        if self._takes_data() and self._inbound.more:
            self._give_up_later()
            self._read_on()
        else:
            self._finish()

    def abort(self) -> None:
        super().abort()
        if self._lost:
            self._finish()

    def _leave_guest(self) -> None:
        if self._guest is not None:
            self._guest.leave()
        self._guest = None

    def _finish(self) -> None:
        if self.end is None:
            self.end = close_codes.CLIENT_LOST
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._leave_guest()
        self._turns.leave(self)
        self._share.hold(0)
        if self._ended is not None:
            self._ended(self)
            self._ended = None

    # Timers

    def _check_timers(self) -> None:
        """Ping or end the session if due, and schedule the next check."""
        self._timer = None
        due = timeouts.due(
            self._timing,
            self._loop.time(),
            # A client that does not read does not get more time to answer.
            reading=self._full or self.reading,
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
        if due.next_check is not None:
            self._timer = self._loop.call_at(due.next_check, self._check_timers)
