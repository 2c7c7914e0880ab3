# SPDX-License-Identifier: Apache-2.0
"""The client's half of the handshake, from our version to our ServerInit."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import NamedTuple

from console_ext.proxy.relay.handshakes.rfb import protocol
from console_ext.proxy.relay.handshakes.rfb.protocol import HandshakeError, SecurityType


class State(enum.Enum):
    """What is waited for."""

    VERSION = enum.auto()
    SECURITY_TYPE = enum.auto()
    CLIENT_INIT = enum.auto()
    READY = enum.auto()
    FAILED = enum.auto()


class Client:
    """
    Every message has a known length, so that at most an unfinished one is kept; what is
    behind the last is :attr:`early`.

    :param server_init: that of the host
    :ivar early: what the client has sent for the host
    """

    def __init__(self, server_init: bytes):
        self._server_init = server_init
        self._received = bytearray()
        self._messages = [protocol.VERSION]
        self.early = b''
        self.state = State.VERSION

    def receive(self, data: bytes) -> None:
        """
        :raises HandshakeError: the client breaks the protocol; the text is for its
            user, and one of the messages tells it the same
        """
        self._received += data
        while self.state in _MESSAGES:
            size, read = _MESSAGES[self.state]
            if len(self._received) < size:
                return
            message = bytes(self._received[:size])
            del self._received[:size]
            try:
                self.state = read(self, message)
            except HandshakeError:
                self.state = State.FAILED
                self._received.clear()
                raise
        if self.state is State.READY:
            self.early = bytes(self._received)
        self._received.clear()

    def messages(self) -> list[bytes]:
        """What is to be sent now, each in a frame of its own; it is not given twice."""
        messages, self._messages = self._messages, []
        return messages

    # What each message means

    def _version(self, message: bytes) -> State:
        if message != protocol.VERSION:
            reason = 'Only RFB 3.8 is spoken here.'
            self._messages.append(protocol.no_security_types(reason))
            raise HandshakeError(reason)
        self._messages.append(bytes((1, SecurityType.NONE)))
        return State.SECURITY_TYPE

    def _security_type(self, message: bytes) -> State:
        if message[0] != SecurityType.NONE:
            reason = 'This security type is not offered.'
            self._messages.append(protocol.security_failed(reason))
            raise HandshakeError(reason)
        self._messages.append(protocol.SECURITY_RESULT_OK)
        return State.CLIENT_INIT

    def _client_init(self, message: bytes) -> State:
        # Whether it would share does not matter: the host has been told that it does.
        self._messages.append(self._server_init)
        return State.READY


class _Message(NamedTuple):
    """
    :param read: takes it, and gives the next state
    """

    size: int
    read: Callable[[Client, bytes], State]


_MESSAGES: Mapping[State, _Message] = {
    State.VERSION: _Message(len(protocol.VERSION), Client._version),
    State.SECURITY_TYPE: _Message(1, Client._security_type),
    State.CLIENT_INIT: _Message(1, Client._client_init),
}
