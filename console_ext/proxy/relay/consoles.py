# SPDX-License-Identifier: Apache-2.0
"""Opens the consoles of a type on a connection to their port."""

from __future__ import annotations

import asyncio
from typing import Protocol

from console_ext.proxy.relay.connector import Target
from console_ext.proxy.relay.guest import Guest, GuestSide
from console_ext.store.authorization import Authorization


class Consoles(Protocol):
    """The consoles of one type, or of several types that are opened in the same way."""

    def port(self, authorization: Authorization) -> int:
        """The port to connect to."""

    async def open(self, target: Target, authorization: Authorization) -> GuestSide:
        """
        :param target: a connection to that port; it is taken over even on failure
        :returns: the guest's side of a session
        :raises TargetRefused, TargetUnreachable:
        """

    def reload(self) -> None:
        """Read certificates again.

        :raises ConfigurationError: a file is not usable; the previous ones are kept
        """


class PlainConsoles:
    """Consoles without a handshake."""

    def port(self, authorization: Authorization) -> int:
        return authorization.port

    async def open(self, target: Target, authorization: Authorization) -> Guest:
        try:
            _, guest = await asyncio.get_running_loop().create_connection(
                lambda: Guest(target.early), sock=target.socket
            )
        except BaseException:
            target.socket.close()
            raise
        return guest

    def reload(self) -> None:
        """Do nothing: these consoles have no certificates."""
