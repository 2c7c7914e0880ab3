# SPDX-License-Identifier: Apache-2.0
"""Closing a connection without losing its last response."""

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
    """The sending side is closed; the client is still read, even if paused."""

    async def run():
        transport = Transport()
        begun(transport)
        transport.write_eof.assert_called_once_with()
        assert transport.reading
        assert not transport.closing

    asyncio.run(run())


def test_over_tls():
    """TLS connections cannot be half-closed."""

    async def run():
        transport = Transport()
        transport.can_write_eof.return_value = False
        begun(transport)
        transport.close.assert_called_once_with()

    asyncio.run(run())


def test_a_client_that_ends():
    """The callback is called, and no timer is left."""

    async def run():
        transport, lost = Transport(), mock.Mock()
        made = begun(transport, lost)
        made.connection_lost(None)
        lost.assert_called_once_with(None)
        assert made._timer.cancelled()

    asyncio.run(run())


def test_a_client_that_stays(monkeypatch):
    """It is disconnected after a while."""
    monkeypatch.setattr(lingering_close, 'LINGER_S', 0)

    async def run():
        transport = Transport()
        begun(transport)
        await asyncio.sleep(0.01)
        transport.abort.assert_called_once_with()

    asyncio.run(run())


def test_a_client_that_goes_on_sending(monkeypatch):
    """It is disconnected after a limit of bytes."""
    monkeypatch.setattr(lingering_close, 'LINGER_BYTES', 100)

    async def run():
        transport = Transport()
        made = begun(transport)
        made.data_received(b'x' * 100)
        transport.abort.assert_not_called()
        made.data_received(b'x')
        transport.abort.assert_called_once_with()

    asyncio.run(run())
