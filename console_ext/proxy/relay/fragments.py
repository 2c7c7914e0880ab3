# SPDX-License-Identifier: Apache-2.0
"""Splits a client's bytes into frames and fragments (RFC 6455, section 5.2)."""

from __future__ import annotations

import struct

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.close_codes import Closing

# The first bytes of valid frames: without extensions, the reserved bits are 0, and a
# control frame is never a fragment.
_DATA = frozenset((0x00, 0x01, 0x02, 0x80, 0x81, 0x82))
_CONTROL = frozenset((0x88, 0x89, 0x8A))
_FIN = 0x80
_MASKED = 0x80
_CONTROL_BYTES = 125

_HEADER_BYTES = 6
_LONG_HEADER_BYTES = {126: 8, 127: 14}


def _header(first: int, length: int, mask: bytes) -> bytes:
    if length < 126:
        return bytes((first, _MASKED | length)) + mask
    if length < 65536:
        return struct.pack('!BBH', first, _MASKED | 126, length) + mask
    return struct.pack('!BBQ', first, _MASKED | 127, length) + mask


class Fragments:
    """A buffer of what a client has sent.

    An incomplete data frame is taken as a fragment with the bytes received so far,
    as RFC 6455 allows intermediaries (section 5.4).  So an incomplete frame of any
    length needs only the memory of its header, or 131 bytes if it is a control frame.

    :param max_bytes: the longest payload of a frame; None for any length
    :ivar offence: how to close the session because of an invalid header; the bytes
        after it are dropped
    :ivar more: whether there is more to take now, without further input
    """

    __slots__ = ('_at', '_data', '_fin', '_left', '_mask', '_max', 'more', 'offence')

    def __init__(self, max_bytes: int | None):
        self._max = max_bytes
        self._data = b''
        self._at = 0
        # Of the data frame that has been taken in part.
        self._left = 0
        self._mask = b''
        self._fin = 0
        self.more = False
        self.offence: Closing | None = None

    def __len__(self) -> int:
        """The number of buffered bytes."""
        return len(self._data)

    def add(self, data: bytes) -> None:
        if self.offence is None:
            self._data = self._data[self._at :] + data if self._data else data
            self._at = 0

    def clear(self) -> None:
        self._data = b''
        self._at = 0
        self.more = False

    def take(self, frames: int, size: int) -> list[bytes | memoryview]:
        """Take the bytes of frames; a fragment counts as a frame.

        :param frames: maximum number of frames
        :param size: maximum number of bytes; a control frame and the header of a
            fragment may exceed it
        """
        data, at = self._data, self._at
        end = len(data)
        stop = min(end, at + size)
        parts: list[bytes | memoryview] = []
        # A view, because copies of large payloads would double the cost.
        view = memoryview(data)
        if self._left and at < stop:
            at = self._go_on(parts, view, at, stop)
            frames -= 1
        start = at
        spent = False
        while at + 1 < end:
            if not frames or at >= stop:
                spent = True
                break
            first, length = data[at], data[at + 1] - _MASKED
            control = first not in _DATA
            if length < 0 or (
                control and (first not in _CONTROL or length > _CONTROL_BYTES)
            ):
                self.offence = close_codes.PROTOCOL_ERROR
                break
            payload_at = at + _HEADER_BYTES
            if length >= 126:
                payload_at = at + _LONG_HEADER_BYTES[length]
                if end < payload_at:
                    break
                length = int.from_bytes(data[at + 2 : payload_at - 4])
            if self._max is not None and length > self._max:
                self.offence = close_codes.TOO_BIG
                break
            after = payload_at + length
            if after <= stop or (control and after <= end):
                at = after
                frames -= 1
                continue
            if control or end < payload_at + min(length, 1):
                break
            parts.append(view[start:at])
            self._left, self._fin = length, first & _FIN
            self._mask = data[payload_at - 4 : payload_at]
            at = start = self._go_on(
                parts, view, payload_at, max(stop, payload_at + 1), first & ~_FIN
            )
            frames -= 1
        if at > start:
            parts.append(view[start:at])
        if at == end:
            self._data = b''
            self._at = 0
            self.more = False
        else:
            self._keep(at, spent=spent or self._left > 0)
        return parts

    def _go_on(
        self,
        parts: list[bytes | memoryview],
        view: memoryview,
        at: int,
        stop: int,
        first: int = 0,
    ) -> int:
        """Take the next fragment of the incomplete data frame.

        :param first: the first byte of its header; by default, of a continuation
        :returns: where the fragment ends
        """
        size = min(self._left, stop - at)
        self._left -= size
        if not self._left:
            first |= self._fin
        parts += (_header(first, size, self._mask), view[at : at + size])
        turn = size % 4
        self._mask = self._mask[turn:] + self._mask[:turn]
        return at + size

    def _keep(self, at: int, *, spent: bool) -> None:
        if self.offence is not None:
            self.clear()
            return
        self.more = spent
        if spent:
            self._at = at
        else:
            # Copy the few bytes that are left, so that the others can be freed.
            self._data = self._data[at:]
            self._at = 0
