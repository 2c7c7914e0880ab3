# SPDX-License-Identifier: Apache-2.0
"""The subprotocol ``console-ext.v1``, which our page and our client offer.

Binary frames are data.  Text frames are JSON objects::

    {"drawn": 65536}    how many of the guest's bytes the client has shown so far

A browser takes all that a WebSocket brings, however slowly its page draws.  So the
proxy stops reading from the guest while the client is too far behind.
"""

from __future__ import annotations

import json

from websockets.frames import Frame

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.close_codes import Closing

SUBPROTOCOL = 'console-ext.v1'

# How far the client may be behind: what it takes a browser some 50 ms to draw.
WINDOW_BYTES = 2**17

MAX_MESSAGE_BYTES = 1024


class Control:
    """What the client says in text frames.

    :ivar drawn: how many of the guest's bytes the client has shown
    :ivar offence: how the session is to end for a message that may not be
    """

    __slots__ = ('_message', 'drawn', 'offence')

    def __init__(self) -> None:
        self._message = bytearray()
        self.drawn = 0
        self.offence: Closing | None = None

    def add(self, frame: Frame) -> None:
        """Take a text frame, or a continuation of one."""
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
        :raises ValueError:
        """
        if not isinstance(message, dict):
            raise ValueError('no object')
        # Later versions may say more.
        drawn = message.get('drawn', self.drawn)
        if type(drawn) is not int or drawn < self.drawn:
            raise ValueError('no count')
        self.drawn = drawn

    def _offend(self) -> None:
        self._message.clear()
        self.offence = close_codes.BAD_CONTROL


class Window:
    """How far a client is behind its guest.

    :ivar closed: whether it is too far behind to be sent more
    """

    __slots__ = ('closed',)

    def __init__(self) -> None:
        self.closed = False

    def move(self, sent: int, drawn: int) -> None:
        behind = sent - drawn
        # Not open again at once: the guest would stop and go with every message.
        self.closed = behind > (WINDOW_BYTES // 2 if self.closed else WINDOW_BYTES)
