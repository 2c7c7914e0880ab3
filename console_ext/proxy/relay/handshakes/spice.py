# SPDX-License-Identifier: Apache-2.0
"""SPICE consoles: without TLS, or with TLS on a separate port.

A guest whose channels are secure answers each channel on its plain port with the error
``SPICE_LINK_ERR_NEED_SECURED``.  The client in the browser does not need to know this,
because the proxy makes the TLS connection.
"""

from __future__ import annotations

import asyncio

from oslo_config import cfg

from console_ext import exceptions
from console_ext.proxy.relay.connector import Target
from console_ext.proxy.relay.consoles import PlainConsoles
from console_ext.proxy.relay.exchange import Exchange
from console_ext.proxy.relay.guest import Guest
from console_ext.proxy.relay.tls import GuestTLS
from console_ext.store.authorization import Authorization


def spice_consoles(conf: cfg.ConfigOpts) -> PlainSPICEConsoles | SecureSPICEConsoles:
    """
    :raises ConfigurationError: a file is not usable
    """
    options = conf.spice
    if not options.require_secure:
        return PlainSPICEConsoles()
    return SecureSPICEConsoles(
        GuestTLS(
            '[spice] tls_',
            ca_certs=options.tls_ca_certs,
            verify_name=options.tls_verify_host_name,
        )
    )


class PlainSPICEConsoles(PlainConsoles):
    def port(self, authorization: Authorization) -> int:
        """
        :raises TargetRefused: the console has only a TLS port
        """
        if authorization.port == authorization.tls_port:
            raise exceptions.TargetRefused(
                authorization.host,
                authorization.port,
                'it has only a TLS port, but [spice] require_secure is not set',
            )
        return super().port(authorization)


class SecureSPICEConsoles:
    def __init__(self, tls: GuestTLS):
        self._tls = tls

    def port(self, authorization: Authorization) -> int:
        """
        :raises TargetRefused: the console has no TLS port
        """
        if authorization.tls_port is None:
            raise exceptions.TargetRefused(
                authorization.host,
                authorization.port,
                'it has no TLS port, but [spice] require_secure is set',
            )
        return authorization.tls_port

    async def open(self, target: Target, authorization: Authorization) -> Guest:
        """
        :raises TargetRefused: the host's certificate is not accepted, or it does not
            speak TLS
        :raises TargetUnreachable: it does not answer in time
        """
        host, port = authorization.host, self.port(authorization)
        exchange = await Exchange.on(target)
        try:
            async with asyncio.timeout_at(target.deadline):
                await exchange.start_tls(self._tls, {authorization.compute_host, host})
            return exchange.hand_over(b'')
        except TimeoutError:
            exchange.abort()
            raise exceptions.TargetUnreachable(
                host, port, 'timed out waiting for TLS'
            ) from None
        except (OSError, ValueError) as error:
            exchange.abort()
            raise exceptions.TargetRefused(host, port, f'TLS: {error}') from None
        except BaseException:
            exchange.abort()
            raise

    def reload(self) -> None:
        self._tls.reload()
