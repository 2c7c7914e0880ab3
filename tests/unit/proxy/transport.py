# SPDX-License-Identifier: Apache-2.0
"""A connection for protocols that are tested without sockets."""

from __future__ import annotations

import asyncio
from functools import cached_property
from unittest import mock


class Transport(asyncio.Transport):
    """A connection that records what is written, and what is called.

    Its methods are mocks.  Each is made when it is first used, because hypothesis makes
    thousands of connections.
    """

    def __init__(self):
        super().__init__()
        self.sent = bytearray()
        self.closing = False
        self.reading = False
        self.protocol = None

    def is_closing(self):
        return self.closing

    def is_reading(self):
        return self.reading

    def set_protocol(self, protocol):
        self.protocol = protocol

    @cached_property
    def write(self):
        return mock.Mock(side_effect=self.sent.extend)

    @cached_property
    def write_eof(self):
        return mock.Mock()

    @cached_property
    def can_write_eof(self):
        return mock.Mock(return_value=True)

    @cached_property
    def pause_reading(self):
        return mock.Mock(side_effect=lambda: self._read(on=False))

    @cached_property
    def resume_reading(self):
        return mock.Mock(side_effect=lambda: self._read(on=True))

    @cached_property
    def get_extra_info(self):
        return mock.Mock()

    @cached_property
    def get_write_buffer_size(self):
        return mock.Mock(return_value=0)

    @cached_property
    def set_write_buffer_limits(self):
        return mock.Mock()

    @cached_property
    def close(self):
        return mock.Mock(side_effect=self._close)

    @cached_property
    def abort(self):
        return mock.Mock(side_effect=self._close)

    def _close(self):
        self.closing = True

    def _read(self, *, on):
        self.reading = on
