# SPDX-License-Identifier: Apache-2.0
"""Runs the handshake with the user's client in a session."""

from __future__ import annotations

import asyncio
import dataclasses

from websockets.typing import BytesLike

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.guest import Client, Guest
from console_ext.proxy.relay.handshakes.rfb import client as handshakes
from console_ext.proxy.relay.handshakes.rfb.protocol import HandshakeError


class Mediator:
    """Takes the guest's place in a session until the client's handshake is complete.

    Then the session continues directly with the guest.

    :param guest: the guest, after the handshake with its host
    :param server_init: the host's ServerInit
    :param timeout_s: for the client's handshake
    """

    __slots__ = ('_client', '_guest', '_handshake', '_timeout_s', '_timer')

    # It never buffers: what is not part of the handshake goes to the guest at once.
    full = False
    unsent = 0

    def __init__(self, guest: Guest, server_init: bytes, timeout_s: float):
        self._guest = guest
        self._handshake = handshakes.Client(server_init)
        self._timeout_s = timeout_s
        self._client: Client | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, client: Client) -> None:
        self._client = client
        self._timer = asyncio.get_running_loop().call_later(
            self._timeout_s, client.close, close_codes.RFB_TIMEOUT
        )
        self._answer(client)

    def send(self, data: BytesLike) -> None:
        """Take data of the client."""
        client = self._client
        if client is None:
            return
        failure = None
        try:
            self._handshake.receive(bytes(data))
        except HandshakeError as error:
            failure = dataclasses.replace(close_codes.RFB_ERROR, reason=str(error))
        self._answer(client)
        if failure is not None:
            self._step_aside()
            client.close(failure)
        elif self._handshake.state is handshakes.State.READY:
            self._step_aside()
            client.go_on_with(self._guest)
            if self._handshake.early:
                self._guest.send(self._handshake.early)

    def _answer(self, client: Client) -> None:
        # Each in a frame of its own, because tempest reads frames instead of a stream.
        for message in self._handshake.messages():
            client.send(message)

    def _step_aside(self) -> None:
        self._client = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def pause(self) -> None:
        """Do nothing: the guest is not read yet."""

    def resume(self) -> None:
        """Do nothing: the guest is not read yet."""

    def limit_ahead(self) -> None:
        self._guest.limit_ahead()

    def leave(self) -> None:
        """The client is gone."""
        self._step_aside()
        self._guest.leave()

    def abort(self) -> None:
        self._guest.abort()
