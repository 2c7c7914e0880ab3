# SPDX-License-Identifier: Apache-2.0
"""The sessions of a process: starts, logs and closes them."""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
import socket

from websockets.server import ServerProtocol

from console_ext.printable import printable
from console_ext.proxy.admission.checks import Admission, Admitted
from console_ext.proxy.admission.leases import Leases
from console_ext.proxy.relay import close_codes, control, keepalive
from console_ext.proxy.relay.client import Session
from console_ext.proxy.relay.guest import GuestSide
from console_ext.proxy.relay.memory import Room, Share
from console_ext.proxy.relay.timeouts import Timing
from console_ext.proxy.relay.turns import Turns
from console_ext.store.authorization import Loss

LOG = logging.getLogger(__name__)


class Sessions:
    def __init__(
        self, admission: Admission, leases: Leases, timing: Timing, room: Room
    ):
        self._admission = admission
        self._leases = leases
        self._timing = timing
        self._room = room
        self._turns = Turns()
        self._numbers = itertools.count(1)
        self._live: dict[Session, tuple[int, Admitted]] = {}
        self._going_away = False
        self._none_left = asyncio.Event()
        self._none_left.set()

    def __len__(self) -> int:
        return len(self._live)

    def begin(
        self,
        wire: ServerProtocol,
        transport: asyncio.Transport,
        guest: GuestSide,
        admitted: Admitted,
        early: bytes,
        *,
        text: bool,
        full: bool,
    ) -> None:
        """Start a session on a connection that has been sent status 101.

        :param early: what the client sent after its request
        :param full: whether the event loop has paused writing to the client
        """
        lease = admitted.lease
        authorization = lease.authorization
        session = Session(
            wire,
            self._timing,
            self._turns,
            Share(self._room, authorization.project_id),
            text=text,
            control=wire.subprotocol == control.SUBPROTOCOL,
            expires=admitted.expires,
            ended=self._ended,
        )
        number = next(self._numbers)
        self._live[session] = number, admitted
        self._none_left.clear()
        self._leases.hold(lease, functools.partial(self._lost, session))
        LOG.info(
            'Session %d %s: server %s, %s, project %s, user %s, client %s, '
            'target %s port %s',
            number,
            'opened' if lease.used_hash is None else 'opened again',
            printable(authorization.server_id),
            printable(authorization.console_type),
            printable(authorization.project_id),
            printable(authorization.user_id),
            admitted.client,
            printable(authorization.host),
            authorization.port,
        )
        self._watch(transport.get_extra_info('socket'))
        transport.set_protocol(session)
        key = lease.rejoin_key
        greeting = b'' if key is None else control.rejoin_message(key)
        session.begin(transport, guest, early, greeting, full=full)
        if self._going_away:
            session.close(close_codes.GOING_AWAY)

    def _lost(self, session: Session, loss: Loss) -> None:
        live = self._live.get(session)
        if live is None:
            return
        if loss is Loss.REPLACED:
            _, admitted = live
            self._admission.make_room(admitted)
            session.replace()
        else:
            session.close(close_codes.REVOKED)

    def _watch(self, connection: socket.socket) -> None:
        """Detect that the client is gone even while nothing is read from it."""
        keepalive.switch_on(connection)
        timing = self._timing
        if timing.ping_interval_s:
            # Keepalive does not probe while a ping is unacknowledged.
            silence_s = timing.ping_interval_s + timing.ping_timeout_s
            keepalive.limit_unacknowledged(connection, max(silence_s, keepalive.GONE_S))

    def _ended(self, session: Session) -> None:
        number, admitted = self._live.pop(session)
        self._admission.end(admitted)
        if not self._live:
            self._none_left.set()
        authorization = admitted.lease.authorization
        LOG.info(
            'Session %d closed: server %s, %s, client %s, %d bytes from it, %d to it, '
            '%.1f s: %s',
            number,
            printable(authorization.server_id),
            printable(authorization.console_type),
            admitted.client,
            session.from_client,
            session.to_client,
            asyncio.get_running_loop().time() - session.opened,
            session.end.name if session.end else 'unknown',
        )

    async def drain(self, grace_s: float, close_s: float) -> None:
        """End all sessions, including those that start later.

        :param grace_s: how long to wait for sessions to end by themselves
        :param close_s: how long to wait then for answers to the close frames
        """
        await self._all_end(grace_s)
        self._going_away = True
        for session in list(self._live):
            session.close(close_codes.GOING_AWAY)
        if await self._all_end(close_s):
            return
        for session in list(self._live):
            session.abort()
        await self._all_end(1.0)

    async def _all_end(self, timeout_s: float) -> bool:
        try:
            await asyncio.wait_for(self._none_left.wait(), timeout_s)
        except TimeoutError:
            return False
        return True
