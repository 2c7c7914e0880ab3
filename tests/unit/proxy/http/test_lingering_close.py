# SPDX-License-Identifier: Apache-2.0
"""The end of a connection that has no session."""

from __future__ import annotations

import asyncio
from unittest import mock

from console_ext.proxy.http import lingering_close
from console_ext.proxy.http.lingering_close import Lingering
from tests.unit.proxy.transport import Transport


def begun(transport: Transport, lost=print) -> Lingering:
    made = Lingering(transport, lost)
    made.begin()
    return made


def test_our_half_ends():
    """And the client is read on, whatever was paused."""

    async def run():
        transport = Transport()
        begun(transport)
        transport.write_eof.assert_called_once_with()
        assert transport.reading
        assert not transport.closing

    asyncio.run(run())


def test_over_tls():
    """There are no halves."""

    async def run():
        transport = Transport()
        transport.can_write_eof.return_value = False
        begun(transport)
        transport.close.assert_called_once_with()

    asyncio.run(run())


def test_a_client_that_ends():
    """Whoever had the connection is told, and nothing is left to do."""

    async def run():
        transport, lost = Transport(), mock.Mock()
        made = begun(transport, lost)
        made.connection_lost(None)
        lost.assert_called_once_with(None)
        assert made._timer.cancelled()

    asyncio.run(run())


def test_a_client_that_stays(monkeypatch):
    """It is cut in a while."""
    monkeypatch.setattr(lingering_close, 'LINGER_S', 0)

    async def run():
        transport = Transport()
        begun(transport)
        await asyncio.sleep(0.01)
        transport.abort.assert_called_once_with()

    asyncio.run(run())


def test_a_client_that_goes_on_sending(monkeypatch):
    """It is cut when that is too much."""
    monkeypatch.setattr(lingering_close, 'LINGER_BYTES', 100)

    async def run():
        transport = Transport()
        made = begun(transport)
        made.data_received(b'x' * 100)
        transport.abort.assert_not_called()
        made.data_received(b'x')
        transport.abort.assert_called_once_with()

    asyncio.run(run())
