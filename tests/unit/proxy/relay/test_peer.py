# SPDX-License-Identifier: Apache-2.0
"""The common base of the two sides of a session."""

from __future__ import annotations

import asyncio

import pytest

from console_ext.proxy.relay.peer import WRITE_BUFFER_BYTES, Peer
from tests.unit.proxy.transport import Transport


class Taking(Peer):
    def __init__(self, transport):
        super().__init__()
        self._take(transport)


def taken(transport: Transport) -> Taking:
    async def run():
        return Taking(transport)

    return asyncio.run(run())


def test_pause_and_resume():
    """Repeated calls have no effect."""
    transport = Transport()
    side = taken(transport)
    side.pause()
    transport.pause_reading.assert_not_called()
    for _ in range(2):
        side.resume()
    transport.resume_reading.assert_called_once_with()
    for _ in range(2):
        side.pause()
    transport.pause_reading.assert_called_once_with()


@pytest.mark.parametrize('reading', [True, False])
def test_a_connection_that_is_closing(reading):
    """uvloop would raise an error."""
    transport = Transport()
    transport.reading = reading
    transport.closing = True
    side = taken(transport)
    side.pause()
    side.resume()
    transport.pause_reading.assert_not_called()
    transport.resume_reading.assert_not_called()


def test_the_write_buffer_is_bounded():
    """The limit is set from the start."""
    transport = Transport()
    taken(transport)
    transport.set_write_buffer_limits.assert_called_once_with(WRITE_BUFFER_BYTES)


def test_before_the_connection():
    """Pausing, resuming and aborting have no effect."""

    async def run():
        side = Peer()
        side.pause()
        side.resume()
        side.abort()

    asyncio.run(run())
