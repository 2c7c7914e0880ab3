# SPDX-License-Identifier: Apache-2.0
"""A connection for protocols that are tested without sockets."""

from __future__ import annotations

import asyncio
from unittest import mock


class Transport(mock.Mock):
    """A connection that records what is written."""

    def __init__(self, **options):
        super().__init__(spec=asyncio.Transport, **options)
        self.sent = bytearray()
        self.closing = False
        self.write.side_effect = self.sent.extend
        self.is_closing.side_effect = lambda: self.closing
        self.reading = False
        self.protocol = None
        self.set_protocol.side_effect = self._set_protocol
        self.is_reading.side_effect = lambda: self.reading
        self.pause_reading.side_effect = lambda: self._read(on=False)
        self.resume_reading.side_effect = lambda: self._read(on=True)
        self.get_write_buffer_size.return_value = 0
        self.can_write_eof.return_value = True
        self.close.side_effect = self.abort.side_effect = self._close

    def _close(self):
        self.closing = True

    def _set_protocol(self, protocol):
        self.protocol = protocol

    def _read(self, *, on):
        self.reading = on

    def _get_child_mock(self, **options):
        return mock.Mock(**options)
