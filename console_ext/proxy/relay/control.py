# SPDX-License-Identifier: Apache-2.0
"""The subprotocol ``console-ext.v1``, which our pages and our client offer.

Binary frames are data.  Text frames are control messages, JSON objects.  From the
client::

    {"drawn": 65536}    how many of the guest's bytes the client has drawn so far
    {"drawn": null}     from now on, the client reports nothing

A browser receives everything from a WebSocket, even if its page draws slowly.  So the
proxy stops reading from the guest while the client is too far behind.  VNC and SPICE
have a flow control of their own, so their pages do not report.

To the client, as the first frame of a session that can be opened again::

    {"rejoin": "...", "within": 60}

The key opens the session again for so many seconds after a loss of the connection.
"""

from __future__ import annotations

import json
import math

from websockets.frames import Frame

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.close_codes import Closing
from console_ext.store.authorization import RejoinKey

SUBPROTOCOL = 'console-ext.v1'

# How far the client may be behind; a browser draws this in about 50 ms.
WINDOW_BYTES = 2**17

MAX_MESSAGE_BYTES = 1024


def rejoin_message(key: RejoinKey) -> bytes:
    return json.dumps({'rejoin': key.text, 'within': key.within_s}).encode()


class Control:
    """Parses the control messages of a client.

    :ivar drawn: how many of the guest's bytes the client has drawn; infinite if it does
        not report that
    :ivar reports: whether it has reported a number
    :ivar offence: how to close the session because of an invalid message
    """

    __slots__ = ('_message', 'drawn', 'offence', 'reports')

    def __init__(self) -> None:
        self._message = bytearray()
        self.drawn: float = 0
        self.reports = False
        self.offence: Closing | None = None

    def add(self, frame: Frame) -> None:
        """Take a text frame, or its continuation."""
        self._message += frame.data
        if len(self._message) > MAX_MESSAGE_BYTES:
            self._offend()
        elif frame.fin:
            message = bytes(self._message)
            self._message.clear()
            try:
                self._read(json.loads(message))
            except (ValueError, RecursionError):
                self._offend()

    def _read(self, message: object) -> None:
        """
        :raises ValueError: the message is invalid
        """
        if not isinstance(message, dict):
            raise ValueError('not an object')
        # Ignore other keys: later versions may have more.
        if 'drawn' in message:
            self.drawn = self._count(message['drawn'])

    def _count(self, drawn: object) -> float:
        """
        :raises ValueError: it is not a valid count
        """
        if drawn is None:
            return math.inf
        if type(drawn) is not int or drawn < self.drawn:
            raise ValueError('not a valid count')
        self.reports = True
        return drawn

    def _offend(self) -> None:
        self._message.clear()
        self.offence = close_codes.BAD_CONTROL


class Window:
    """Tracks how far a client is behind its guest.

    :ivar closed: whether the client is too far behind to be sent more
    """

    __slots__ = ('closed',)

    def __init__(self) -> None:
        self.closed = False

    def move(self, sent: int, drawn: float) -> None:
        behind = sent - drawn
        # Hysteresis: otherwise the guest would stop and continue with every message.
        self.closed = behind > (WINDOW_BYTES // 2 if self.closed else WINDOW_BYTES)
