# SPDX-License-Identifier: Apache-2.0
"""The host's half of the handshake, on a connection and before the 101."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from console_ext.proxy.relay.connector import Target
from console_ext.proxy.relay.exchange import Exchange
from console_ext.proxy.relay.guest import Guest
from console_ext.proxy.relay.handshakes.rfb.host import Host, Ready, StartTLS
from console_ext.proxy.relay.handshakes.rfb.protocol import HandshakeError, SecurityType
from console_ext.proxy.relay.tls import GuestTLS


async def open_rfb(
    target: Target,
    schemes: Sequence[SecurityType],
    tls: GuestTLS | None,
    names: Iterable[str],
) -> tuple[Guest, bytes]:
    """Shake hands with a host, until its console is open.

    :param schemes: those that may be used, the preferred one first
    :param tls: for VeNCrypt; None where that is none of the schemes
    :param names: those of the compute host, for its certificate
    :returns: the guest, and its ServerInit
    :raises HandshakeError: the host refuses, or is not the one it should be
    :raises TimeoutError: the target's deadline has passed; the text says what was
        waited for
    :raises OSError: the connection is lost
    """
    exchange = await Exchange.on(target)
    host = Host(schemes)
    try:
        async with asyncio.timeout_at(target.deadline):
            ready = await _shake_hands(exchange, host, tls, names)
        return exchange.hand_over(ready.early), ready.server_init
    except TimeoutError:
        exchange.abort()
        raise TimeoutError(f'timed out waiting for {host.state.value}') from None
    except BaseException:
        exchange.abort()
        raise


async def _shake_hands(
    exchange: Exchange, host: Host, tls: GuestTLS | None, names: Iterable[str]
) -> Ready:
    while True:
        data = await exchange.read()
        if not data:
            host.receive_end(exchange.error)
        event = host.receive(data)
        exchange.write(host.data_to_send())
        if isinstance(event, Ready):
            return event
        if isinstance(event, StartTLS) and tls is not None:
            try:
                await exchange.start_tls(tls, names)
            except (OSError, ValueError) as error:
                raise HandshakeError(f'TLS: {error}') from None
            host.tls_started()
