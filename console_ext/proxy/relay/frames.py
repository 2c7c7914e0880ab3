# SPDX-License-Identifier: Apache-2.0
"""The part of WebSocket frames (RFC 6455) that the library leaves to its caller."""

from __future__ import annotations

import codecs
import struct

from websockets.frames import Frame, Opcode

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.close_codes import Closing
from console_ext.proxy.relay.control import Control

_UTF8 = codecs.getincrementaldecoder('utf-8')


def binary_header(length: int) -> bytes:
    """The header of an unmasked, unfragmented binary frame (section 5.2)."""
    if length < 126:
        return bytes((0x82, length))
    if length < 65536:
        return struct.pack('!BBH', 0x82, 126, length)
    return struct.pack('!BBQ', 0x82, 127, length)


class FrameFilter:
    """Selects the frames of a client that are for the guest.

    :param text: whether text frames are accepted; their UTF-8 bytes go to the guest
    :param control: takes text frames if they are control messages; else None
    :ivar offence: how to close the session because of an invalid frame
    """

    __slots__ = ('_allows_text', '_control', '_text', 'offence')

    def __init__(self, *, text: bool, control: Control | None = None):
        self._allows_text = text
        self._control = control
        # Set within a text message.  Its fragments may split characters.
        self._text: codecs.IncrementalDecoder | None = None
        self.offence: Closing | None = None

    def is_data(self, frame: Frame) -> bool:
        """Whether a frame is for the guest; after an offence, none is.

        Call it once for each frame, in order.
        """
        if self.offence is not None:
            return False
        if frame.opcode is Opcode.BINARY:
            self._text = None
        elif frame.opcode is Opcode.TEXT:
            self._text = _UTF8()
        elif frame.opcode is not Opcode.CONT:
            return False
        if self._text is None:
            return True
        if self._control is not None:
            self._control.add(frame)
            self.offence = self._control.offence
            return False
        if not self._allows_text:
            self.offence = close_codes.NO_TEXT
            return False
        try:
            self._text.decode(frame.data, frame.fin)
        except UnicodeDecodeError:
            self.offence = close_codes.NOT_UTF8
            return False
        return True
