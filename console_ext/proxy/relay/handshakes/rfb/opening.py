# SPDX-License-Identifier: Apache-2.0
"""Runs the handshake with the compute host on a connection, before status 101."""

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
    """Do the handshake with a host.

    :param schemes: the allowed security types, in order of preference
    :param tls: for VeNCrypt; None if it is not one of the schemes
    :param names: of the compute host; its certificate has to have one of them
    :returns: the guest, and its ServerInit
    :raises HandshakeError: the host refuses, or its certificate is not accepted
    :raises TimeoutError: the target's deadline has passed; the text names the missing
        message
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
