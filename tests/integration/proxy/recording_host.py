# SPDX-License-Identifier: Apache-2.0
"""A VNC server that records keys."""

from __future__ import annotations

import contextlib
import socket
import struct

from tests.parts.peers import exactly
from tests.parts.vnc_host import VNCHost

# The lengths of a client's messages after their type (RFC 6143, section 7.5).
_SET_ENCODINGS = 2
_KEY_EVENT = 4
_LENGTHS = {0: 19, 3: 9, 5: 5}

CONTROL, ALT, SHIFT, DELETE, F2 = 0xFFE3, 0xFFE9, 0xFFE1, 0xFFFF, 0xFFBF


class RecordingHost(VNCHost):
    """
    :ivar keys: the keysyms of all key events, negative if a key was released
    """

    def __init__(self, **options):
        self.keys: list[int] = []
        super().__init__(**options)

    def echo(self, connection: socket.socket) -> None:
        """Record instead."""
        with contextlib.suppress(ConnectionError):
            while True:
                kind = exactly(connection, 1)[0]
                if kind == _SET_ENCODINGS:
                    (count,) = struct.unpack('!xH', exactly(connection, 3))
                    exactly(connection, 4 * count)
                elif kind == _KEY_EVENT:
                    down, key = struct.unpack('!B2xI', exactly(connection, 7))
                    self.keys.append(key if down else -key)
                else:
                    exactly(connection, _LENGTHS[kind])
