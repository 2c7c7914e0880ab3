# SPDX-License-Identifier: Apache-2.0
"""VNC consoles with their configuration."""

from __future__ import annotations

from oslo_config import cfg

from console_ext import exceptions
from console_ext.proxy.relay.connector import Target
from console_ext.proxy.relay.handshakes.rfb.mediator import Mediator
from console_ext.proxy.relay.handshakes.rfb.opening import open_rfb
from console_ext.proxy.relay.handshakes.rfb.protocol import HandshakeError, SecurityType
from console_ext.proxy.relay.tls import GuestTLS
from console_ext.store.authorization import Authorization

_SCHEMES = {'none': SecurityType.NONE, 'vencrypt': SecurityType.VENCRYPT}


class VNCConsoles:
    """
    :raises ConfigurationError: there is no scheme, or a file is not usable
    """

    def __init__(self, conf: cfg.ConfigOpts):
        options = conf.vnc
        self._schemes = [_SCHEMES[name] for name in options.auth_schemes]
        if not self._schemes:
            raise exceptions.ConfigurationError(
                '[vnc] auth_schemes is empty: set it to none, vencrypt or both'
            )
        self._tls: GuestTLS | None = None
        if SecurityType.VENCRYPT in self._schemes:
            self._tls = GuestTLS(
                '[vnc] vencrypt_',
                ca_certs=options.vencrypt_ca_certs,
                client_cert=options.vencrypt_client_cert,
                client_key=options.vencrypt_client_key,
                verify_name=options.vencrypt_verify_host_name,
            )
        self._client_s: float = conf.console_proxy.handshake_timeout

    def port(self, authorization: Authorization) -> int:
        return authorization.port

    def reload(self) -> None:
        """Read the certificates again.

        :raises ConfigurationError: a file is not usable; the previous ones are kept
        """
        if self._tls is not None:
            self._tls.reload()

    async def open(self, target: Target, authorization: Authorization) -> Mediator:
        """Do the handshake with the host; that with the client follows in the session.

        :param target: a connection to the console; it is taken over even on failure
        :returns: the guest's side of a session
        :raises TargetRefused: the host refuses, or its certificate is not accepted
        :raises TargetUnreachable: it does not answer in time, or the connection is lost
        """
        host, port = authorization.host, authorization.port
        # Never the address to which a name resolves: an attacker on DNS would choose
        # it.
        names = {authorization.compute_host, host}
        try:
            guest, server_init = await open_rfb(target, self._schemes, self._tls, names)
        except HandshakeError as error:
            raise exceptions.TargetRefused(host, port, str(error)) from None
        except OSError as error:
            raise exceptions.TargetUnreachable(host, port, str(error)) from None
        return Mediator(guest, server_init, self._client_s)
